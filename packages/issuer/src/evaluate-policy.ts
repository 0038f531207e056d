import { statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyDecision, PolicyEffect } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import type { Policy } from './policy.ts'
import { createPolicyCall, type PolicyCall, type PolicyQuestion } from './policy-call.ts'
import { type PolicyPart, splitCapabilities } from './policy-parts.ts'

/** What becomes of one part, and why. */
export interface PolicyVerdict {
  readonly part: PolicyPart
  readonly decision: PolicyEffect
  /** Ids of the rules that decided: those that forbade less, or else those that permit this. */
  readonly rules: readonly string[]
  /** The words of the first of them that has some. */
  readonly reason?: string
}

/** What becomes of all that is asked for. */
export interface PolicyEvaluation {
  readonly decided: PolicyDecision
  readonly parts: readonly PolicyVerdict[]
}

type Outcome = Omit<PolicyVerdict, 'part'>
/** What Cedar answered about one action. */
interface Answer {
  readonly permitted: boolean
  readonly rules: readonly string[]
}

const EFFECTS: readonly PolicyEffect[] = ['approve-enrolled', 'ask-one', 'ask-two', 'refuse']
// Each takes Cedar up to a millisecond, and agents choose how many there are.
const MAX_DIFFERENT_PARTS = 256

/**
 * Returns what the policy makes of these terms. For each part the least demanding action that is permitted decides;
 * when none is permitted, or when a rule cannot be evaluated, the part is refused. The strictest part decides about
 * the whole.
 *
 * @param policy - see `parsePolicy`
 * @param question - what is asked for, or what is about to be issued
 * @throws IssuerError `input_invalid` (`capabilities`) for terms that fall into too many parts
 */
export function evaluatePolicy(policy: Policy, question: PolicyQuestion): PolicyEvaluation {
  const facts = splitCapabilities(question.terms.capabilities, policy)
  const calls = facts.map((part) => createPolicyCall(policy, question, part))
  const outcomes = new Map(calls.map((call) => [JSON.stringify(call), call] as const))
  if (outcomes.size > MAX_DIFFERENT_PARTS) {
    throw new IssuerError('input_invalid', 'The capabilities name too many combinations', {
      field: 'capabilities',
    })
  }
  const decided = new Map([...outcomes].map(([key, call]) => [key, decide(policy, question, call)] as const))
  const parts = facts.map(({ part }, index) => {
    const outcome = decided.get(JSON.stringify(calls[index])) ?? REFUSED
    return { part, ...outcome }
  })
  return { decided: summarise(policy, parts), parts }
}

/** The stricter of two effects. */
export function stricterEffect(left: PolicyEffect, right: PolicyEffect): PolicyEffect {
  return rank(left) >= rank(right) ? left : right
}

const REFUSED: Outcome = { decision: 'refuse', rules: [] }

function summarise({ id, digest }: Policy, parts: readonly PolicyVerdict[]): PolicyDecision {
  const decision = parts.map((part) => part.decision).reduce(stricterEffect, 'approve-enrolled')
  const deciding = parts.filter((part) => part.decision === decision)
  const told = deciding.find(({ reason }) => reason !== undefined) ?? deciding[0]
  const [rule] = told?.rules ?? []
  return {
    id,
    digest,
    // No part is nothing that could be permitted.
    decision: parts.length === 0 ? 'refuse' : decision,
    ...(rule !== undefined && { rule }),
    ...(told?.reason !== undefined && { reason: told.reason }),
  }
}

function decide(policy: Policy, { covered }: PolicyQuestion, call: PolicyCall): Outcome {
  const actions = EFFECTS.slice(covered ? 0 : 1, -1)
  const answers: Answer[] = []
  for (const action of actions) {
    const answer = ask(policy, call, action)
    if (!answer) return { ...REFUSED, reason: 'The policy could not be evaluated, so nothing is permitted' }
    if (answer.permitted) return explain(policy, action, [answers.at(-1)?.rules ?? [], answer.rules])
    answers.push(answer)
  }
  return explain(policy, 'refuse', [answers.at(-1)?.rules ?? []])
}

/** Undefined when Cedar could not tell: a prohibition that fails must not count as none. */
function ask({ rules }: Policy, call: PolicyCall, action: string): Answer | undefined {
  const answer = statefulIsAuthorized({ ...call, action: { type: 'Action', id: action } })
  if (answer.type === 'failure' || answer.response.diagnostics.errors.length > 0) return undefined
  const { decision, diagnostics } = answer.response
  const named = new Set(diagnostics.reason)
  return {
    permitted: decision === 'allow',
    rules: rules.filter(({ id }) => named.has(id)).map(({ id }) => id),
  }
}

/** The first list that is not empty says why. */
function explain(policy: Policy, decision: PolicyEffect, why: readonly (readonly string[])[]): Outcome {
  const rules = why.find((ids) => ids.length > 0) ?? []
  const told = policy.rules.filter(({ id }) => rules.includes(id))
  const reason = told.find((rule) => rule.reason !== undefined)?.reason
  return { decision, rules, ...(reason !== undefined && { reason }) }
}

function rank(effect: PolicyEffect): number {
  return EFFECTS.indexOf(effect)
}
