import { formatDateTime } from '@behalf/credential'
import { createDraftEvidence, identifyRoot } from './approval-draft.ts'
import type { Approver } from './approver.ts'
import type { DelegationRequest } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { issueRoot } from './issue-root.ts'
import type { IssuerContext } from './issuer-context.ts'
import { recordApproved } from './record-approved.ts'
import { type PreparedPair, readUnchanged, takeDraft } from './take-draft.ts'

/** A yes by somebody who is signed in, without a passkey. That they are is checked outside. */
export interface ApproveByLoginOptions {
  /** Id of the prepared approval. */
  readonly draft: string
  readonly person: Approver
}

/**
 * What was prepared is issued on the word of the authority alone that this person wanted it: credential and evidence
 * say `login`, which proves nothing and satisfies no API that wants a person's own approval. Only an issuer that was
 * made with `dangerouslyLetLoginApprove` does this, never where two people are needed, and never an
 * enrolment along with it. The prepared approval is
 * used up, whatever comes of it.
 *
 * @returns the requests as approved
 * @throws IssuerError `forbidden` without that option, for what takes two people and for an enrolment; `webauthn_challenge_invalid`,
 *   `approval_expired`, `approval_consumed`, `approval_mismatch`, `key_revoked` as of `completeApproval`
 */
export async function approveByLogin(
  context: IssuerContext,
  options: ApproveByLoginOptions,
): Promise<readonly DelegationRequest[]> {
  if (!context.dangerouslyLetLoginApprove) throw new IssuerError('forbidden', 'A login approves nothing here')
  const draft = await takeDraft(context, options)
  if (draft.needs !== 1) {
    throw new IssuerError('forbidden', 'What takes two people takes the passkeys of both')
  }
  if (draft.enrolment) throw new IssuerError('forbidden', 'An enrolment takes a passkey')
  const { id: by } = options.person
  const at = context.clock()
  const statement = { method: 'login', by, at: formatDateTime(at), nonce: draft.nonce } as const
  const evidence = createDraftEvidence(draft, statement)
  return context.store.transaction(async (tx) => {
    const pairs: PreparedPair[] = []
    for (const root of draft.roots) pairs.push(await readUnchanged(context, tx, { draft, root }))
    const approved: DelegationRequest[] = []
    for (const { request: asked, root } of pairs) {
      const request = { ...asked, approvals: [{ by, at }] }
      await recordApproved(context, tx, { request, delegation: identifyRoot(root), method: 'login', by })
      approved.push(await issueRoot(context, tx, { request, root, evidence, by }))
    }
    return approved
  })
}
