import { canonicalizeJson, encodeUtf8, isJsonObject, type JsonObject, sha256 } from '@behalf/core'

/** What a person is shown and what their passkey signs. */
export type ApprovedTerms = {
  /** One payload per request, see {@link approvedPart}. */
  readonly payloads: readonly JsonObject[]
  /** Version of the renderer that wrote the sentences. */
  readonly renderer: number
  /** Those of each payload, see `renderDelegation`. */
  readonly sentences: readonly (readonly string[])[]
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
 * with its sentences, and the nonce. So what a passkey signs is what its person read.
 * @param options.nonce base64url of at least 16 random bytes, one per person
 * @throws CoreError `json_ambiguous` for what JSON cannot express
 */
export function createApprovalChallenge(options: ApprovedTerms & { readonly nonce: string }): Uint8Array {
  const { payloads, renderer, sentences, nonce } = options
  const signed = { payloads: payloads.map(approvedPart), renderer, sentences, nonce }
  return sha256(encodeUtf8(canonicalizeJson(signed)))
}
