import { canonicalizeJson, encodeUtf8, isJsonObject, type JsonObject, sha256 } from '@behalf/core'

/** What an agent key may have by itself from an approval on: what was approved, again, without anybody being asked. */
export type ApprovedEnrolment = {
  /** Its end, `YYYY-MM-DDTHH:MM:SSZ`. */
  readonly valid_until: string
  /** Of each delegation. */
  readonly max_seconds: number
}

/** What a person is shown and what their passkey signs. */
export type ApprovedTerms = {
  /** One payload per request, see {@link approvedPart}. */
  readonly payloads: readonly JsonObject[]
  /** Version of the renderer that wrote the sentences. */
  readonly renderer: number
  /** Those of each payload, see `renderApproval`. */
  readonly sentences: readonly (readonly string[])[]
  /** Of the agent, for each of the payloads; absent: none. */
  readonly enrolment?: ApprovedEnrolment
}

/**
 * Returns what an approval approves of a payload: all of it but `approval`, which says how it was approved and so comes
 * after it, and `iat`, the time of signing.
 */
export function approvedPart(payload: JsonObject): JsonObject {
  const { iat: _, ...rest } = payload
  const { credentialSubject } = rest
  if (!isJsonObject(credentialSubject)) return rest
  const { approval: __, ...subject } = credentialSubject
  return { ...rest, credentialSubject: subject }
}

/**
 * Returns the challenge of an approval, 32 bytes: the SHA-256 over the JCS form of the approved payloads, the renderer
 * with its sentences, the enrolment if there is one, and the nonce. So what a passkey signs is what its person read.
 * @param options.nonce base64url of at least 16 random bytes, one per person
 * @throws CoreError `json_ambiguous` for what JSON cannot express
 */
export function createApprovalChallenge(options: ApprovedTerms & { readonly nonce: string }): Uint8Array {
  const { payloads, renderer, sentences, enrolment, nonce } = options
  const terms = { payloads: payloads.map(approvedPart), renderer, sentences, nonce }
  const signed = enrolment === undefined ? terms : { ...terms, enrolment }
  return sha256(encodeUtf8(canonicalizeJson(signed)))
}
