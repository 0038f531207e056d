import { encodeBase64url } from '@behalf/core'
import {
  type ApprovalStatement,
  createApprovalEvidence,
  formatDateTime,
  renderDelegation,
} from '@behalf/credential'
import { identifyRoot } from './approval-draft.ts'
import type { DelegationRequest } from './delegation-request.ts'
import { draftRoot, type RootTerms } from './draft-root.ts'
import { issueRoot } from './issue-root.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { recordApproved } from './record-approved.ts'

/** What is to be issued, and on whose word, when no passkey approves it. */
export interface Approval extends RootTerms {
  readonly method: ApprovalStatement['method']
  /** DID of the operator, or id of the enrolment or of the person. */
  readonly by: string
}

const NONCE_BYTES = 16

/**
 * A root delegation is signed, recorded and ready to be collected, and the request is approved. All ids and the status
 * entry are fixed before the evidence is hashed, so the evidence holds the whole payload.
 *
 * @returns the request as approved
 * @throws CredentialError for terms that do not fit into a credential
 */
export async function issueDelegation(
  context: IssuerContext,
  tx: IssuerTransaction,
  approval: Approval,
): Promise<DelegationRequest> {
  const { request, method, by } = approval
  const root = await draftRoot(context, tx, approval)
  const { version, sentences } = renderDelegation(root.payload)
  const evidence = createApprovalEvidence({
    payloads: [root.payload],
    renderer: version,
    sentences: [sentences],
    requests: [root.request],
    given: {
      method,
      by,
      at: formatDateTime(context.clock()),
      nonce: encodeBase64url(context.random(NONCE_BYTES)),
    },
  })
  await recordApproved(context, tx, { request, delegation: identifyRoot(root), method, by })
  return issueRoot(context, tx, { request, root, evidence, by })
}
