import { coversCapabilities } from '@behalf/credential'
import type { KnownCapability, PolicyDecision, PolicyEffect } from './delegation-request.ts'
import { IssuerError } from './error.ts'
import { pathsOverlap } from './path-overlap.ts'
import type { Policy, PolicyRule } from './policy.ts'

/** One location, one action and at most one path of a capability. */
interface Part {
  readonly location: string
  readonly action: string
  readonly path?: string
}

interface Outcome {
  readonly effect: PolicyEffect
  readonly reason?: string
}

const STRICTNESS: Readonly<Record<PolicyEffect, number>> = { 'approve-enrolled': 0, ask: 1, refuse: 2 }
const MAX_PARTS = 4096

/**
 * Returns what the policy makes of these terms. Each capability is taken apart into its locations, actions and paths.
 * For each part the first rule that covers it decides; a rule before it that is only about some of the part's paths
 * counts too, and so does the default when no rule covers it. The strictest of all these wins.
 *
 * @param policy - see `parsePolicy`
 * @param terms - what is asked for, or what is about to be issued
 * @returns the decision with the policy's id and digest, and the rule's reason
 * @throws IssuerError `input_invalid` (`capabilities`) for terms with more than 4096 parts
 */
export function evaluatePolicy(
  policy: Policy,
  terms: { readonly capabilities: readonly KnownCapability[]; readonly validForSeconds: number },
): PolicyDecision {
  const rules = policy.rules.filter((rule) => terms.validForSeconds <= (rule.maxSeconds ?? Infinity))
  const outcomes = splitCapabilities(terms.capabilities).flatMap((part) =>
    outcomesOf(part, rules, policy.default),
  )
  const decided = strictest(outcomes) ?? { effect: policy.default }
  return {
    id: policy.id,
    digest: policy.digest,
    decision: decided.effect,
    ...(decided.reason !== undefined && { reason: decided.reason }),
  }
}

function splitCapabilities(capabilities: readonly KnownCapability[]): readonly Part[] {
  const counts = capabilities.map(
    (capability) => capability.locations.length * capability.actions.length * pathsOf(capability).length,
  )
  if (counts.reduce((sum, count) => sum + count, 0) > MAX_PARTS) {
    throw new IssuerError('input_invalid', 'The capabilities name too many combinations', {
      field: 'capabilities',
    })
  }
  return capabilities.flatMap(splitCapability)
}

function splitCapability(capability: KnownCapability): readonly Part[] {
  const { locations, actions } = capability
  return locations.flatMap((location) =>
    actions.flatMap((action) =>
      pathsOf(capability).map((path) => ({ location, action, ...(path !== undefined && { path }) })),
    ),
  )
}

function pathsOf(capability: KnownCapability): readonly (string | undefined)[] {
  return capability.type === 'http' ? capability.paths : [undefined]
}

function outcomesOf(part: Part, rules: readonly PolicyRule[], byDefault: PolicyEffect): readonly Outcome[] {
  const about = rules.filter((rule) => overlaps(rule, part))
  const deciding = about.findIndex((rule) => covers(rule, part))
  return deciding === -1 ? [...about, { effect: byDefault }] : about.slice(0, deciding + 1)
}

function overlaps(rule: PolicyRule, part: Part): boolean {
  if (rule.locations && !rule.locations.includes(part.location)) return false
  if (rule.actions && !rule.actions.includes(part.action)) return false
  if (!rule.paths) return true
  const { path } = part
  return path !== undefined && rule.paths.some((pattern) => pathsOverlap(pattern, path))
}

/** Of a rule that overlaps: whether it leaves nothing of the part to other rules. */
function covers(rule: PolicyRule, part: Part): boolean {
  if (!rule.paths || part.path === undefined) return true
  const one = { type: 'http' as const, locations: [part.location], actions: [part.action] }
  return coversCapabilities([{ ...one, paths: [...rule.paths] }], [{ ...one, paths: [part.path] }]).covered
}

function strictest(outcomes: readonly Outcome[]): Outcome | undefined {
  const [first, ...rest] = outcomes
  if (first === undefined) return undefined
  return rest.reduce(
    (worst, next) => (STRICTNESS[next.effect] > STRICTNESS[worst.effect] ? next : worst),
    first,
  )
}
