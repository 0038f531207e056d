import { parseDelegation } from '@behalf/credential'
import type { ApprovalDraft, DraftedRoot } from './approval-draft.ts'
import type { Approver } from './approver.ts'
import type { DelegationRequest } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { takePending } from './take-pending.ts'
import { encodeUnsigned } from './unsigned-jws.ts'

/** A request, and the root that was prepared for it. */
export interface PreparedPair {
  readonly request: DelegationRequest
  readonly root: DraftedRoot
}

/**
 * Returns what was prepared for this person, used up in a transaction of its own, so that a refusal later does not give
 * it back.
 *
 * @throws IssuerError `webauthn_challenge_invalid`, `approval_expired`
 */
export async function takeDraft(
  context: IssuerContext,
  options: { readonly draft: string; readonly person: Approver },
): Promise<ApprovalDraft> {
  const draft = await context.store.transaction(async (tx) => {
    const found = await tx.findDraft(options.draft)
    if (found?.person !== options.person.id) return undefined
    await tx.deleteDraft(found.id)
    return found
  })
  if (draft === undefined) {
    throw new IssuerError('webauthn_challenge_invalid', 'This approval is unknown, used or somebody else’s')
  }
  if (context.clock() >= draft.expiresAt) {
    throw new IssuerError('approval_expired', 'This approval was not completed in time')
  }
  return draft
}

/**
 * Returns the request as it is; it, the policy and the clock still allow what was prepared for it.
 *
 * @throws IssuerError `not_found`, `approval_expired`, `approval_consumed`, `approval_mismatch`, `key_revoked`
 */
export async function readUnchanged(
  context: IssuerContext,
  tx: IssuerTransaction,
  { draft, root }: { readonly draft: ApprovalDraft; readonly root: DraftedRoot },
): Promise<PreparedPair> {
  const request = await takePending(context, tx, root.request)
  await checkKeyAlive(tx, request.agent)
  if (request.half !== draft.half) {
    throw new IssuerError('approval_consumed', 'This request was approved in the meantime')
  }
  const { policy, validUntil } = parseDelegation(encodeUnsigned({ ...root.payload, iat: 0 }, context.kid))
  if (policy?.digest !== context.policy.digest) {
    throw new IssuerError('approval_mismatch', 'The policy was changed after the request was read')
  }
  if (context.clock() >= validUntil) {
    throw new IssuerError('approval_expired', 'What was prepared has ended before it was approved')
  }
  return { request, root }
}
