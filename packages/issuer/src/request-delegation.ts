import { createUuid } from '@behalf/core'
import type { Did } from '@behalf/did'
import { type AskedTerms, checkTerms } from './check-terms.ts'
import { decidePolicy } from './decide-policy.ts'
import type { DelegationRequest } from './delegation-request.ts'
import { checkIssuable } from './draft-root.ts'
import { IssuerError } from './error.ts'
import { issueDelegation } from './issue-delegation.ts'
import { checkKeyAlive, type IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { Enrolment, IssuerTransaction } from './issuer-store.ts'
import { checkOptionalText, TEXT_LIMITS } from './text-rule.ts'

/** What an agent sends to ask for a delegation. */
export interface DelegationQuestion extends AskedTerms {
  /** The key that signed the question: the subject of what may come of it. */
  readonly agent: Did
  /** What the agent calls itself; shown, never signed. */
  readonly agentName?: string
}

/**
 * The question is recorded and the policy's answer with it: refused, waiting for people, or, within the terms of
 * an enrolment, approved and ready to be collected.
 *
 * @returns the request as it stands
 * @throws IssuerError `input_invalid`, `policy_unknown`, `rate_limited`, `key_revoked`
 * @throws CredentialError `scope_malformed`, `credential_malformed`, `credential_too_large`
 */
export async function requestDelegation(
  context: IssuerContext,
  question: DelegationQuestion,
): Promise<DelegationRequest> {
  const asked = checkQuestion(context, question)
  return context.store.transaction(async (tx) => {
    await checkKeyAlive(tx, asked.agent)
    await checkFlood(context, tx, asked.agent)
    return settleQuestion(context, tx, { asked, keep: (request) => tx.insertRequest(request) })
  })
}

/** A request before the policy answered. */
export type UndecidedRequest = Omit<DelegationRequest, 'policy'>

/**
 * The policy has answered the question, and question and answer are kept and recorded.
 *
 * @param options.keep - stores the request, which is new or takes the place of its last version
 * @returns the request as it stands
 */
export async function settleQuestion(
  context: IssuerContext,
  tx: IssuerTransaction,
  options: {
    readonly asked: UndecidedRequest
    readonly keep: (request: DelegationRequest) => Promise<void>
  },
): Promise<DelegationRequest> {
  const { asked, keep } = options
  const { policy, enrolment } = await decidePolicy(context, tx, asked)
  const request: DelegationRequest = { ...asked, policy }
  await keep(request)
  await recordQuestion(context, tx, request)
  if (policy.decision === 'refuse') return refuse(context, tx, request)
  return enrolment ? approveEnrolled(context, tx, { request, enrolment }) : request
}

/**
 * Returns the question as a request with an id of its own.
 *
 * @throws IssuerError `input_invalid`, `policy_unknown`
 * @throws CredentialError `scope_malformed`, `credential_malformed`, `credential_too_large`
 */
export function checkQuestion(context: IssuerContext, question: DelegationQuestion): UndecidedRequest {
  const agentName = checkOptionalText(question.agentName, {
    field: 'agent_name',
    maxLength: TEXT_LIMITS.agentName,
  })
  const terms = checkTerms(question, context)
  const now = context.clock()
  const asked: UndecidedRequest = {
    id: createUuid(context.random),
    version: 1,
    agent: question.agent,
    ...(agentName !== undefined && { agentName }),
    terms,
    status: 'pending',
    requestedAt: now,
    expiresAt: now + context.requestSeconds * 1000,
    approvals: [],
  }
  // Nobody should be asked about what could never be issued.
  checkIssuable(context, asked)
  return asked
}

async function checkFlood(context: IssuerContext, tx: IssuerTransaction, agent: Did): Promise<void> {
  const { limits } = context
  const now = context.clock()
  const mine = await tx.countPending({ agent, now })
  const all = await tx.countPending({ now })
  if (mine < limits.pendingPerAgent && all < limits.pendingInTotal) return
  throw new IssuerError('rate_limited', 'Too many requests wait for a decision already', {
    retryAfterSeconds: 60,
  })
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
