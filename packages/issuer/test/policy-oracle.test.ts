import type { JsonValue } from '@behalf/core'
import { authorize, type Capability, parseCapabilities } from '@behalf/credential'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkCapabilities } from '../src/check-terms.ts'
import { evaluatePolicy, type PolicyEffect, parsePolicy } from '../src/index.ts'
import { createParty, START } from './support/issuer-world.ts'

// A slow twin of the policy over a small universe: every request that there could be is looked at on its own, rule by
// rule, without Cedar and without patterns. What is granted must never be more than the twin would grant.
const LOCATIONS = ['https://a.test', 'https://b.test']
const METHODS = ['GET', 'POST']
const PATTERNS = ['/', '/x', '/x/', '/x/y', '/*', '/x/*', '/*/y', '/**', '/x/**', '/x/y/**']
const PATHS = ['/', '/x', '/x/', '/y', '/x/y', '/x/z', '/y/y', '/x/y/', '/x/y/z']
const LITERALS = ['/x', '/x/y', '/y']
const EFFECTS: readonly PolicyEffect[] = ['approve-enrolled', 'ask-one', 'ask-two', 'refuse']
const ACTIONS = EFFECTS.slice(0, -1)

interface Request {
  readonly location: string
  readonly action: string
  readonly path: string
}

interface Rule {
  readonly effect: 'permit' | 'forbid'
  readonly actions: readonly PolicyEffect[]
  readonly locations: readonly string[]
  readonly methods: readonly string[]
  readonly paths: readonly string[]
}

const UNIVERSE: readonly Request[] = LOCATIONS.flatMap((location) =>
  METHODS.flatMap((action) => PATHS.map((path) => ({ location, action, path }))),
)

const some = <Item>(items: readonly Item[]): fc.Arbitrary<Item[]> =>
  fc.subarray([...items], { minLength: 1, maxLength: Math.min(3, items.length) })
const rulesArbitrary = (patterns: readonly string[]): fc.Arbitrary<Rule[]> =>
  fc.array(
    fc.record({
      effect: fc.constantFrom('permit' as const, 'permit' as const, 'forbid' as const),
      actions: some(ACTIONS),
      locations: some(LOCATIONS),
      methods: some(METHODS),
      paths: some(patterns),
    }),
    { minLength: 1, maxLength: 5 },
  )
const capabilitiesArbitrary = (patterns: readonly string[]): fc.Arbitrary<JsonValue[]> =>
  fc.array(
    fc.record({
      type: fc.constant('http'),
      locations: some(LOCATIONS),
      actions: some(METHODS),
      paths: some(patterns),
    }),
    { minLength: 1, maxLength: 3 },
  )

describe('a policy against its slow twin', () => {
  test('is never more lenient', () => {
    let stricter = 0
    fc.assert(
      fc.property(rulesArbitrary(PATTERNS), capabilitiesArbitrary(PATTERNS), (rules, capabilities) => {
        const [ours, twin] = [decide(rules, capabilities), decideSlowly(rules, capabilities)]
        expect(rank(ours)).toBeGreaterThanOrEqual(rank(twin))
        if (ours !== twin) stricter += 1
      }),
      { numRuns: 150, seed: 20261128 },
    )
    // It may be stricter, since several patterns that cover a wider one together do not count, but that is rare.
    expect(stricter).toBeLessThan(30)
  })

  test('is exactly as strict where nobody asks for a pattern', () => {
    // A prohibition of /x/** is about /x as well, which many servers take for /x/.
    const patterns = PATTERNS.filter((pattern) => !/.\/\*\*$/u.test(pattern))
    fc.assert(
      fc.property(rulesArbitrary(patterns), capabilitiesArbitrary(LITERALS), (rules, capabilities) => {
        expect(decide(rules, capabilities)).toBe(decideSlowly(rules, capabilities))
      }),
      { numRuns: 150, seed: 20261128 },
    )
  })

  test('is no less strict about more', () => {
    const capabilities = capabilitiesArbitrary(PATTERNS)
    fc.assert(
      fc.property(rulesArbitrary(PATTERNS), capabilities, capabilities, (rules, part, more) => {
        expect(rank(decide(rules, [...part, ...more]))).toBeGreaterThanOrEqual(rank(decide(rules, part)))
      }),
      { numRuns: 60, seed: 20261128 },
    )
  })
})

function decide(rules: readonly Rule[], capabilities: JsonValue): PolicyEffect {
  const policy = parsePolicy({ id: 'p', files: [{ name: 'p.cedar', text: rules.map(write).join('\n') }] })
  const { decided } = evaluatePolicy(policy, {
    agent: createParty('agent').did,
    terms: {
      onBehalfOf: { id: 'alice' },
      capabilities: checkCapabilities(capabilities, 'capabilities'),
      validForSeconds: 60,
      maxDelegationDepth: 0,
    },
    enrolled: true,
    covered: true,
    firstSeen: START,
    now: START,
  })
  return decided.decision
}

function write({ effect, actions, locations, methods, paths }: Rule): string {
  const names = actions.map((action) => `Action::"${action}"`).join(', ')
  const set = effect === 'permit' ? 'within' : 'overlaps'
  return `${effect} (principal, action in [${names}], resource is HttpPart) when {
    ${JSON.stringify(locations)}.contains(resource.location) &&
    ${JSON.stringify(methods)}.contains(resource.action) &&
    resource.${set}.containsAny(${JSON.stringify(paths)}) };`
}

function decideSlowly(rules: readonly Rule[], capabilities: JsonValue): PolicyEffect {
  const asked = parseCapabilities(capabilities)
  const effects = UNIVERSE.filter((request) => allows(asked, request)).map((request) => {
    const about = rules.filter((rule) => isAbout(rule, request))
    const least = ACTIONS.find((action) => {
      const effectsOfAction = about
        .filter(({ actions }) => actions.includes(action))
        .map(({ effect }) => effect)
      return effectsOfAction.includes('permit') && !effectsOfAction.includes('forbid')
    })
    return least ?? 'refuse'
  })
  return EFFECTS[Math.max(0, ...effects.map(rank))] ?? 'refuse'
}

function isAbout({ locations, methods, paths }: Rule, request: Request): boolean {
  const asCapability: Capability = { type: 'http', locations, actions: methods, paths }
  return allows([asCapability], request)
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
