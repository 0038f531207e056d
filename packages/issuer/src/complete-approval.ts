import { createUuid, encodeBase64url } from '@behalf/core'
import { type ApprovalAssertion, formatDateTime, verifyPasskeyAssertion } from '@behalf/credential'
import { type ApprovalDraft, challengeOf, createDraftEvidence, identifyRoot } from './approval-draft.ts'
import type { Approver } from './approver.ts'
import type { DelegationRequest, PersonalApproval } from './delegation-request.ts'
import { enrolApproved } from './enrol-approved.ts'
import { IssuerError } from './error.ts'
import { issueRoot } from './issue-root.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { recordApproved } from './record-approved.ts'
import { type PreparedPair, readUnchanged, takeDraft } from './take-draft.ts'

/** What the person's passkey answered, and what the authority knows of that passkey. */
export interface GivenAssertion {
  /** Credential ID, base64url. */
  readonly passkeyId: string
  /** COSE_Key as it was registered. */
  readonly publicKey: Uint8Array
  /** Whether it registered with `SOFTWARE_PASSKEY_AAGUID`. */
  readonly software: boolean
  /** The relying party that the authority is, a host name. */
  readonly rpId: string
  /** The origin of the approval page. */
  readonly origin: string
  /** base64url, as the browser spells it. */
  readonly authenticatorData: string
  /** base64url, as the browser spells it. */
  readonly clientDataJson: string
  /** base64url, as the browser spells it. */
  readonly signature: string
}

/** An answer to a prepared approval. */
export interface CompleteApprovalOptions {
  /** Id of the prepared approval. */
  readonly draft: string
  readonly person: Approver
  readonly assertion: GivenAssertion
}

/**
 * The person approved exactly what was prepared: the roots are issued with evidence that proves it, or, where two
 * people are needed, the request waits for the second. An enrolment given along with them is in force. The prepared approval is used up before the answer is looked
 * at, whatever comes of it.
 *
 * @returns the requests as they are now
 * @throws IssuerError `webauthn_challenge_invalid` for an unknown, used or foreign approval, `approval_expired`,
 *   `approval_consumed`, `approval_mismatch` when a request or the policy changed in between, `forbidden` for a second
 *   approval with the first one's passkey, `key_revoked`
 * @throws CredentialError `webauthn_malformed`, `webauthn_challenge_invalid`, `webauthn_origin_mismatch`,
 *   `webauthn_rp_mismatch`, `webauthn_user_not_verified`, `webauthn_signature_invalid`
 */
export async function completeApproval(
  context: IssuerContext,
  options: CompleteApprovalOptions,
): Promise<readonly DelegationRequest[]> {
  const draft = await takeDraft(context, options)
  const assertion = await verifyAnswer(context, draft, options)
  const given = [...draft.given, assertion]
  return context.store.transaction(async (tx) => {
    const pairs: PreparedPair[] = []
    for (const root of draft.roots) pairs.push(await readUnchanged(context, tx, { draft, root }))
    for (const pair of pairs) await recordPerson(context, tx, { ...pair, assertion })
    const conclusion = { draft, pairs, given }
    return given.length < draft.needs
      ? waitForSecond(context, tx, conclusion)
      : issueAll(context, tx, conclusion)
  })
}

interface Conclusion {
  readonly draft: ApprovalDraft
  readonly pairs: readonly PreparedPair[]
  readonly given: readonly ApprovalAssertion[]
}

async function verifyAnswer(
  context: IssuerContext,
  draft: ApprovalDraft,
  { person, assertion }: CompleteApprovalOptions,
): Promise<ApprovalAssertion> {
  const { rpId, origin } = assertion
  const given: ApprovalAssertion = {
    by: person.id,
    at: formatDateTime(context.clock()),
    nonce: draft.nonce,
    rp_id: rpId,
    origin,
    passkey: {
      id: assertion.passkeyId,
      public_key: encodeBase64url(assertion.publicKey),
      software: assertion.software,
    },
    authenticator_data: assertion.authenticatorData,
    client_data_json: assertion.clientDataJson,
    signature: assertion.signature,
  }
  await verifyPasskeyAssertion(given, { challenge: challengeOf(draft), rpId, origins: [origin] })
  if (draft.given.some(({ passkey }) => passkey.public_key === given.passkey.public_key)) {
    throw new IssuerError('forbidden', 'The second person must use a passkey of their own')
  }
  return given
}

async function recordPerson(
  context: IssuerContext,
  tx: IssuerTransaction,
  { request, root, assertion }: PreparedPair & { readonly assertion: ApprovalAssertion },
): Promise<void> {
  const { by, passkey } = assertion
  const method = passkey.software ? 'software-passkey' : 'passkey'
  await recordApproved(context, tx, {
    request,
    delegation: identifyRoot(root),
    method,
    by,
    passkey: passkey.id,
  })
}

async function waitForSecond(
  context: IssuerContext,
  tx: IssuerTransaction,
  { draft, pairs, given }: Conclusion,
): Promise<readonly DelegationRequest[]> {
  const { person: _, ...rest } = draft
  const half = createUuid(context.random)
  const expiresAt = Math.min(...pairs.map(({ request }) => request.expiresAt))
  await tx.insertDraft({ ...rest, id: half, given, expiresAt })
  const approvals = given.map(toApproval)
  const waiting = pairs.map(({ request }) => ({ ...request, half, approvals }))
  for (const request of waiting) await tx.saveRequest(request)
  return waiting
}

async function issueAll(
  context: IssuerContext,
  tx: IssuerTransaction,
  { draft, pairs, given }: Conclusion,
): Promise<readonly DelegationRequest[]> {
  if (draft.half !== undefined) await tx.deleteDraft(draft.half)
  const evidence = createDraftEvidence(draft, given)
  const by = given.at(-1)?.by ?? ''
  const approvals = given.map(toApproval)
  const decided: DelegationRequest[] = []
  for (const { request, root } of pairs) {
    const issued = { request: { ...request, approvals }, root, evidence, by }
    decided.push(await issueRoot(context, tx, issued))
    await enrolApproved(context, tx, issued)
  }
  return decided
}

function toApproval({ by, at }: ApprovalAssertion): PersonalApproval {
  return { by, at: Date.parse(at) }
}
