import { decidePolicy } from './decide-policy.ts'
import type { DelegationRequest } from './delegation-request.ts'
import { issueDelegation } from './issue-delegation.ts'
import type { IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { Enrolment, IssuerTransaction } from './issuer-store.ts'

/** A request that the policy has not seen. */
export type UndecidedRequest = Omit<DelegationRequest, 'policy' | 'stranger'>

/**
 * The question is recorded and the policy's answer with it: refused, waiting for people, or, within the terms of an
 * enrolment, approved and ready to be collected.
 *
 * @param facts.keep - stores the request, which is new or takes the place of its last version
 * @returns the request as it stands
 */
export async function settleQuestion(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: {
    readonly asked: UndecidedRequest
    readonly stranger: boolean
    readonly keep: (request: DelegationRequest) => Promise<void>
  },
): Promise<DelegationRequest> {
  const { asked, stranger, keep } = facts
  const { policy, enrolment } = await decidePolicy(context, tx, asked)
  const isAsked = policy.decision !== 'refuse' && !enrolment
  const request: DelegationRequest = { ...asked, policy, ...(isAsked && stranger && { stranger }) }
  await keep(request)
  await recordQuestion(context, tx, request)
  if (policy.decision === 'refuse') return refuse(context, tx, request)
  return enrolment ? approveEnrolled(context, tx, { request, enrolment }) : request
}

async function refuse(
  context: IssuerContext,
  tx: IssuerTransaction,
  asked: DelegationRequest,
): Promise<DelegationRequest> {
  const { id, reason } = asked.policy
  const refused: DelegationRequest = {
    ...asked,
    status: 'refused',
    decidedAt: context.clock(),
    decidedBy: id,
    ...(reason !== undefined && { reason }),
  }
  await tx.saveRequest(refused)
  return refused
}

async function approveEnrolled(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: { readonly request: DelegationRequest; readonly enrolment: Enrolment },
): Promise<DelegationRequest> {
  const { request, enrolment } = facts
  const { terms, policy } = request
  return issueDelegation(context, tx, { request, terms, policy, method: 'enrolment', by: enrolment.id })
}

async function recordQuestion(
  context: IssuerContext,
  tx: IssuerTransaction,
  asked: DelegationRequest,
): Promise<void> {
  const { policy, terms } = asked
  const about = { request: asked.id, subject: asked.agent, principal: principalOf(context, terms.onBehalfOf) }
  await record(context, tx, {
    type: 'requested',
    data: {
      ...about,
      version: asked.version,
      purpose: terms.purpose,
      workflow: terms.workflow && { ...terms.workflow },
    },
  })
  await record(context, tx, {
    type: 'policy_decided',
    data: {
      ...about,
      policy: { id: policy.id, digest: policy.digest },
      decision: policy.decision,
      rule: policy.rule,
      reason: policy.reason,
    },
  })
}
