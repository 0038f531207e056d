import { coversCapabilities, type OnBehalfOf } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { PolicyDecision, RequestedTerms } from './delegation-request.ts'
import { evaluatePolicy } from './evaluate-policy.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { Enrolment, IssuerTransaction } from './issuer-store.ts'

const MAX_ENROLMENTS_PER_AGENT = 100

/** What the policy in force makes of terms, and the enrolment that suffices for them. */
export interface DecidedPolicy {
  readonly policy: PolicyDecision
  /** Present exactly when the decision is `approve-enrolled`. */
  readonly enrolment?: Enrolment
}

/**
 * Returns what the policy in force makes of these terms now, with what is known here of the agent that asks.
 *
 * @throws IssuerError `input_invalid` (`capabilities`) for terms that fall into too many parts
 */
export async function decidePolicy(
  context: IssuerContext,
  tx: IssuerTransaction,
  asked: { readonly agent: Did; readonly terms: RequestedTerms },
): Promise<DecidedPolicy> {
  const { agent, terms } = asked
  const now = context.clock()
  const own = await listOwnEnrolments(context, tx, asked)
  const enrolment = own.find((one) => allows(one, terms))
  const workload = await tx.findWorkload(agent, now)
  const { decided } = evaluatePolicy(context.policy, {
    agent,
    terms,
    enrolled: own.length > 0,
    covered: enrolment !== undefined,
    ...(workload && { workload }),
    firstSeen: (await tx.findFirstRequestTime(agent)) ?? now,
    now,
  })
  return { policy: decided, ...(enrolment && decided.decision === 'approve-enrolled' && { enrolment }) }
}

/**
 * Tells whether the principal neither enrolled this key, so that it is in force, nor ever approved a request of it.
 */
export async function isStranger(
  context: IssuerContext,
  tx: IssuerTransaction,
  asked: { readonly agent: Did; readonly terms: RequestedTerms },
): Promise<boolean> {
  if ((await listOwnEnrolments(context, tx, asked)).length > 0) return false
  return !(await tx.wasApproved(asked.agent, asked.terms.onBehalfOf.id))
}

async function listOwnEnrolments(
  context: IssuerContext,
  tx: IssuerTransaction,
  { agent, terms }: { readonly agent: Did; readonly terms: RequestedTerms },
): Promise<readonly Enrolment[]> {
  const now = context.clock()
  const enrolments = await tx.listEnrolments({ agent, now, limit: MAX_ENROLMENTS_PER_AGENT })
  return enrolments.filter(({ onBehalfOf }) => isSamePrincipal(onBehalfOf, terms.onBehalfOf))
}

function isSamePrincipal(left: OnBehalfOf, right: OnBehalfOf): boolean {
  return left.id === right.id && left.role === right.role && left.tenant === right.tenant
}

function allows(enrolment: Enrolment, terms: RequestedTerms): boolean {
  if (terms.validForSeconds > enrolment.maxSeconds) return false
  if (terms.maxDelegationDepth > enrolment.maxDelegationDepth) return false
  return coversCapabilities(enrolment.capabilities, terms.capabilities).covered
}
