import type { JsonObject, JsonValue } from '@behalf/core'
import { authorize, type Capability, parseCapabilities } from '@behalf/credential'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkCapabilities } from '../src/check-terms.ts'
import { evaluatePolicy, type PolicyEffect, parsePolicy } from '../src/index.ts'

// A slow twin of the policy over a small universe: every request that there could be is looked at on its own, and the
// first rule that is about it decides. What is granted must never be more than the twin would grant.
const LOCATIONS = ['https://a.test', 'https://b.test']
const ACTIONS = ['GET', 'POST']
const PATTERNS = ['/', '/x', '/x/', '/x/y', '/*', '/x/*', '/*/y', '/**', '/x/**', '/x/y/**']
const PATHS = ['/', '/x', '/x/', '/y', '/x/y', '/x/z', '/y/y', '/x/y/', '/x/y/z']
const EFFECTS: readonly PolicyEffect[] = ['approve-enrolled', 'ask', 'refuse']

interface Request {
  readonly location: string
  readonly action: string
  readonly path: string
}

const UNIVERSE: readonly Request[] = LOCATIONS.flatMap((location) =>
  ACTIONS.flatMap((action) => PATHS.map((path) => ({ location, action, path }))),
)

const some = <Item>(items: readonly Item[]): fc.Arbitrary<Item[]> =>
  fc.subarray([...items], { minLength: 1, maxLength: Math.min(3, items.length) })
const maybe = (items: readonly string[]): fc.Arbitrary<string[] | undefined> =>
  fc.option(some(items), { nil: undefined })
const ruleArbitrary = fc
  .record({
    effect: fc.constantFrom(...EFFECTS),
    locations: maybe(LOCATIONS),
    actions: maybe(ACTIONS),
    paths: maybe(PATTERNS),
  })
  .map(withoutUndefined)
const policyArbitrary = fc.record({
  id: fc.constant('p'),
  rules: fc.array(ruleArbitrary, { maxLength: 5 }),
  default: fc.constantFrom(...EFFECTS),
})
const capabilityArbitrary = fc.record({
  type: fc.constant('http'),
  locations: some(LOCATIONS),
  actions: some(ACTIONS),
  paths: some(PATTERNS),
})
const capabilitiesArbitrary = fc.array(capabilityArbitrary, { minLength: 1, maxLength: 3 })

describe('a policy against its slow twin', () => {
  test('is never more lenient', () => {
    fc.assert(
      fc.property(policyArbitrary, capabilitiesArbitrary, (policy, capabilities) => {
        const ours = decide(policy, capabilities)
        const twin = decideSlowly(policy, parseCapabilities(capabilities))
        expect(rank(ours)).toBeGreaterThanOrEqual(rank(twin))
      }),
      { numRuns: 3000, seed: 20261124 },
    )
  })

  test('is exactly as strict where no rule is about a part of a path pattern', () => {
    const literal = ['/x', '/x/y', '/y']
    const exactRule = fc
      .record({
        effect: fc.constantFrom(...EFFECTS),
        locations: maybe(LOCATIONS),
        actions: maybe(ACTIONS),
        paths: maybe(literal),
      })
      .map(withoutUndefined)
    const exactPolicy = fc.record({
      id: fc.constant('p'),
      rules: fc.array(exactRule, { maxLength: 5 }),
      default: fc.constantFrom(...EFFECTS),
    })
    const exactCapability = fc.record({
      type: fc.constant('http'),
      locations: some(LOCATIONS),
      actions: some(ACTIONS),
      paths: some(literal),
    })
    fc.assert(
      fc.property(
        exactPolicy,
        fc.array(exactCapability, { minLength: 1, maxLength: 3 }),
        (policy, capabilities) => {
          expect(decide(policy, capabilities)).toBe(decideSlowly(policy, parseCapabilities(capabilities)))
        },
      ),
      { numRuns: 3000, seed: 20261124 },
    )
  })

  test('is no less strict about more', () => {
    fc.assert(
      fc.property(policyArbitrary, capabilitiesArbitrary, capabilitiesArbitrary, (policy, some, more) => {
        expect(rank(decide(policy, [...some, ...more]))).toBeGreaterThanOrEqual(rank(decide(policy, some)))
      }),
      { numRuns: 1000, seed: 20261124 },
    )
  })
})

type PolicyShape = { readonly id: string; readonly rules: readonly object[]; readonly default: PolicyEffect }

function decide(policy: PolicyShape, capabilities: JsonValue): PolicyEffect {
  const terms = { capabilities: checkCapabilities(capabilities, 'capabilities'), validForSeconds: 60 }
  return evaluatePolicy(parsePolicy(JSON.stringify(policy)), terms).decision
}

function decideSlowly(policy: PolicyShape, capabilities: readonly Capability[]): PolicyEffect {
  const { rules, default: byDefault } = parsePolicy(JSON.stringify(policy))
  const effects = UNIVERSE.filter((request) => allows(capabilities, request)).map((request) => {
    const first = rules.find(
      ({ locations, actions, paths }) =>
        (locations?.includes(request.location) ?? true) &&
        (actions?.includes(request.action) ?? true) &&
        (paths === undefined || matchesSome(paths, request)),
    )
    return first?.effect ?? byDefault
  })
  return EFFECTS[Math.max(-1, ...effects.map(rank))] ?? 'approve-enrolled'
}

function matchesSome(paths: readonly string[], request: Request): boolean {
  const { location, action } = request
  return allows([{ type: 'http', locations: [location], actions: [action], paths }], request)
}

function allows(capabilities: readonly Capability[], { location, action, path }: Request): boolean {
  try {
    authorize(capabilities, { type: 'http', origin: location, method: action, path, query: '', now: 0 })
    return true
  } catch {
    return false
  }
}

function rank(effect: PolicyEffect): number {
  return EFFECTS.indexOf(effect)
}

function withoutUndefined(object: object): JsonObject {
  return JSON.parse(JSON.stringify(object))
}
