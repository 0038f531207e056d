import { isJsonObject } from '@behalf/core'
import { digestApprovalEvidence } from '@behalf/credential'
import { enrolWithin } from './enrol-agent.ts'
import type { ApprovedRoot } from './issue-root.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'

/**
 * The agent may have by itself what the evidence says that it may: the terms of this root, within the bounds that the
 * person read and signed. Without bounds in the evidence nothing changes.
 *
 * @throws IssuerError `input_invalid` when its end came before the approval
 */
export async function enrolApproved(
  context: IssuerContext,
  tx: IssuerTransaction,
  { request, root, evidence, by }: ApprovedRoot,
): Promise<void> {
  const { enrolment } = evidence.approved
  if (!enrolment) return
  const { credentialSubject } = root.payload
  if (!isJsonObject(credentialSubject)) throw new Error('A drafted payload has no subject')
  const { capabilities = [], maxDelegationDepth } = credentialSubject
  await enrolWithin(context, tx, {
    agent: request.agent,
    onBehalfOf: request.terms.onBehalfOf,
    capabilities,
    maxSeconds: enrolment.max_seconds,
    ...(typeof maxDelegationDepth === 'number' && { maxDelegationDepth }),
    validUntil: Date.parse(enrolment.valid_until),
    by,
    request: request.id,
    evidence: digestApprovalEvidence(evidence),
  })
}
