import { readLocalTime } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { CedarValueJson, EntityJson, StatefulAuthorizationCall } from '@cedar-policy/cedar-wasm/nodejs'
import type { RequestedTerms } from './delegation-request.ts'
import { UNBOUNDED } from './greatest-number.ts'
import type { Policy } from './policy.ts'
import type { PolicyPartFacts } from './policy-parts.ts'
import type { Workload } from './workload.ts'

/** What a policy is asked. */
export interface PolicyQuestion {
  readonly agent: Did
  readonly terms: Omit<RequestedTerms, 'purpose'>
  /** Some enrolment of the agent by this principal is in force. */
  readonly enrolled: boolean
  /** One such enrolment allows all of the terms: without it nothing is approved by itself. */
  readonly covered: boolean
  /** Where the agent was proven to run, as far as that is so now. */
  readonly workload?: Workload
  /** When the agent was first heard of, milliseconds since the epoch. */
  readonly firstSeen: number
  /** Milliseconds since the epoch. */
  readonly now: number
}

// There is at most one at a time, and no rule can name it.
const WORKLOAD = { type: 'Workload', id: 'proven' }

/** What Cedar is asked about one part, but for the action. */
export type PolicyCall = Omit<StatefulAuthorizationCall, 'action'>

/**
 * Returns the question about one part in the terms of `POLICY_SCHEMA`, for any action.
 */
export function createPolicyCall(
  policy: Policy,
  question: PolicyQuestion,
  facts: PolicyPartFacts,
): PolicyCall {
  const agent = { type: 'Agent', id: question.agent }
  const resource = { type: facts.part.type === 'http' ? 'HttpPart' : 'McpPart', id: 'asked' }
  const workload = question.workload && describeWorkload(question.workload)
  return {
    principal: agent,
    resource,
    context: createContext(policy, question),
    preparsedPolicySetId: policy.digest,
    entities: [
      describeAgent(question, { uid: agent, workload }),
      ...(workload ? [workload] : []),
      describePart(facts, resource),
    ],
  }
}

function describeAgent(
  { enrolled, firstSeen }: PolicyQuestion,
  { uid, workload }: { readonly uid: EntityJson['uid']; readonly workload: EntityJson | undefined },
): EntityJson {
  const where = workload && { workload: { __entity: WORKLOAD } }
  return { uid, attrs: { enrolled, firstSeen: toSeconds(firstSeen), ...where }, parents: [] }
}

function describeWorkload({ type, issuer, subject, claims }: Workload): EntityJson {
  return { uid: WORKLOAD, attrs: { type, issuer, subject }, parents: [], tags: { ...claims } }
}

function describePart(
  { part, within, overlaps, bounds }: PolicyPartFacts,
  uid: EntityJson['uid'],
): EntityJson {
  const { location, action, tool = '' } = part
  const object = part.type === 'http' ? { within: [...within], overlaps: [...overlaps] } : { tool }
  return { uid, attrs: { location, action, ...object }, parents: [], tags: { ...bounds } }
}

function createContext(policy: Policy, { terms, now }: PolicyQuestion): PolicyCall['context'] {
  const { workflow, maxUses = UNBOUNDED } = terms
  return {
    onBehalfOf: { ...terms.onBehalfOf },
    seconds: terms.validForSeconds,
    maxUses,
    maxDelegationDepth: terms.maxDelegationDepth,
    ...(workflow && { workflow: { ...workflow } }),
    time: { epoch: toSeconds(now), ...readClock(policy.zone, now) },
  }
}

function readClock(zone: string, now: number): Record<string, CedarValueJson> {
  const local = readLocalTime(zone, now)
  if (local === undefined) throw new Error('A policy has a zone that is none')
  return {
    weekday: { __entity: { type: 'Weekday', id: local.day } },
    hour: Number(local.time.slice(0, 2)),
    minute: Number(local.time.slice(3)),
  }
}

function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
