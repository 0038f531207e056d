import { authorize, type Capability, coversCapabilities } from '@behalf/credential'
import { expect } from 'vitest'
import { NOW } from './chain.ts'

/** Pairs of random capabilities that are compared. */
const PAIRS = 6000

const PATHS = ['/', '/a', '/a/', '/a/b', '/a/b/c', '/b', '/a/a', '//', '/b/a', '/a/b/']
const PATTERNS = ['/', '/a', '/a/', '/a/b', '/*', '/**', '/a/*', '/a/**', '/*/b', '/*/**', '/b', '/a/*/c']
const METHODS = ['GET', 'POST']
const ORIGINS = ['https://a.test', 'https://b.test']
const QUERIES = ['', 'x=1', 'x=2', 'x=3', 'y=1', 'x=1&y=1', 'x=1&x=2', 'x=abc']
const BODIES = ['', '{}', '{"x":1}', '{"x":2}', '{"x":"abc"}', '{"y":1}', '{"x":1,"y":1}', '{"x":50}']
const LIMITS = [
  {},
  { const: 1 },
  { const: '1' },
  { enum: [1, 2] },
  { enum: ['1', '2'] },
  { minimum: 1 },
  { maximum: 2 },
  { minimum: 1, maximum: 3 },
  { prefix: 'a' },
  { prefix: 'ab' },
  { maxLength: 1 },
  { maxLength: 3 },
]

/**
 * For random pairs: wherever the child counts as covered, there is no request, of all there are in a small world,
 * that the child allows and the parent refuses. The seed is fixed; the pairs are always the same.
 */
export async function expectNoWidening(): Promise<void> {
  const random = createRandom(0x5eed)
  let covered = 0
  const { stackTraceLimit } = Error
  // Nearly every answer is a refusal, and nobody looks at where it was thrown.
  Error.stackTraceLimit = 0
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const parent = [randomCapability(random), randomCapability(random)]
    const child = [narrowOrRandom(random, parent)]
    if (!coversCapabilities(parent, child).covered) continue
    covered += 1
    expect(findWidened(parent, child), JSON.stringify({ parent, child })).toBeUndefined()
  }
  Error.stackTraceLimit = stackTraceLimit
  // Nothing would be compared if nothing were ever covered.
  expect(covered).toBeGreaterThan(PAIRS / 20)
}

function findWidened(parent: readonly Capability[], child: readonly Capability[]): object | undefined {
  return ACCESSES.find((access) => allows(child, access) && !allows(parent, access))
}

function allows(capabilities: readonly Capability[], access: Parameters<typeof authorize>[1]): boolean {
  try {
    authorize(capabilities, access)
    return true
  } catch {
    return false
  }
}

const ACCESSES = ORIGINS.flatMap((origin) =>
  METHODS.flatMap((method) =>
    PATHS.flatMap((path) => [
      ...QUERIES.map((query) => ({ origin, method, path, query, body: '' })),
      ...BODIES.map((body) => ({ origin, method, path, query: '', body })),
    ]),
  ),
).map(
  ({ body, ...access }) =>
    ({
      type: 'http',
      ...access,
      body: Buffer.from(body),
      contentType: 'application/json',
      now: NOW,
    }) as const,
)

type Random = (below: number) => number

function createRandom(seed: number): Random {
  let state = seed
  return (below) => {
    // mulberry32
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  const value = values[random(values.length)]
  if (value === undefined) throw new Error('nothing to pick from')
  return value
}

function some<Value>(random: Random, values: readonly Value[]): readonly Value[] {
  return values.filter(() => random(2) === 0)
}

function randomCapability(random: Random): Capability {
  return {
    type: 'http',
    locations: some(random, ORIGINS),
    actions: some(random, METHODS),
    paths: [pick(random, PATTERNS), pick(random, PATTERNS)],
    ...(random(2) === 0 ? {} : { constraints: randomConstraints(random) }),
  }
}

function randomConstraints(random: Random): object {
  const map = (): object =>
    Object.fromEntries(some(random, ['x', 'y']).map((name) => [name, pick(random, LIMITS)]))
  const which = random(3)
  return { ...(which === 0 ? {} : { query: map() }), ...(which === 1 ? {} : { body: map() }) }
}

/** Half of the children begin as a capability of the parent and change in one place, so that many are nearly covered. */
function narrowOrRandom(random: Random, parent: readonly Capability[]): Capability {
  const other = randomCapability(random)
  const start = pick(random, parent)
  if (random(4) === 0 || start.type !== 'http' || other.type !== 'http') return other
  const replaced = pick(random, ['locations', 'actions', 'paths', 'constraints'] as const)
  return { ...start, [replaced]: other[replaced] ?? start[replaced] } as Capability
}
