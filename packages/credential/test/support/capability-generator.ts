import { digestSha256, isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import type { Random } from './random.ts'

const LOCATIONS = ['https://a.test', 'https://b.test']
const METHODS = ['GET', 'POST']
const MCP_METHODS = ['tools/call', 'tools/list']
const PATTERNS = [
  '/',
  '/*',
  '/**',
  '/a',
  '/a/',
  '/a/*',
  '/a/**',
  '/b/*',
  '/*/a',
  '/*/**',
  '/a/b/*',
  '/a/*/**',
  '/b',
]
const NUMBERS = [0, 1, 2, 5, 10]
const SCALARS: readonly JsonValue[] = [1, 2, 5, 'a', 'ab', 'b', '1', '5', true, null]
const OPERATOR_GROUPS = [['const'], ['enum'], ['minimum', 'maximum'], ['prefix', 'maxLength']]
const DAYS = ['mon', 'wed', 'fri', 'sun']
const HOURS = ['00:00', '08:00', '09:00', '12:00', '17:00', '24:00']
const TOOLS = ['search', 'read']

/** A parent's capabilities and a child's, as they are spelled on the wire. */
export interface CapabilityPair {
  readonly parent: readonly JsonObject[]
  readonly child: readonly JsonObject[]
}

/**
 * Generates a pair. Most children are made from a parent's capability by a few steps that tend to narrow it; the rest
 * have nothing to do with the parent.
 */
export function generatePair(random: Random): CapabilityPair {
  const parent = Array.from({ length: 1 + random.below(3) }, () => generateCapability(random))
  const child = Array.from({ length: 1 + random.below(2) }, () =>
    random.chance(0.85) ? derive(random, random.pick(parent)) : generateCapability(random),
  )
  return { parent, child }
}

/** Generates one capability. */
export function generateCapability(random: Random): JsonObject {
  const isHttp = random.chance(0.7)
  const constraints = generateConstraints(random, isHttp)
  const shared = {
    locations: random.some(LOCATIONS, random.chance(0.95) ? 1 : 0, 2),
    ...(random.chance(0.15) ? {} : { constraints }),
  }
  if (isHttp) {
    const paths = random.some(PATTERNS, 1, 3)
    return { type: 'http', ...shared, actions: random.some(METHODS, 1, 2), paths }
  }
  const actions = random.some(MCP_METHODS, 1, 2)
  return {
    type: 'mcp',
    ...shared,
    actions,
    ...(random.chance(0.8) ? { tools: pin(random.some(TOOLS, 0, 2)) } : {}),
  }
}

function generateConstraints(random: Random, isHttp: boolean): JsonObject {
  const maps = isHttp ? ['query', 'body'] : ['arguments']
  const constraints: Record<string, JsonValue> = {}
  for (const name of maps) {
    if (random.chance(0.6)) constraints[name] = generateMap(random)
  }
  if (random.chance(0.25))
    constraints['time'] = Array.from({ length: random.below(3) }, () => generateWindow(random))
  return constraints
}

function generateMap(random: Random): JsonObject {
  return Object.fromEntries(
    random
      .some(['x', 'y', 'z'], random.chance(0.9) ? 1 : 0, 2)
      .map((name) => [name, generateConstraint(random)]),
  )
}

function generateConstraint(random: Random): JsonObject {
  // Operators of one group can be satisfied together; the others are tried together now and then.
  const group = random.chance(0.85) ? random.pick(OPERATOR_GROUPS) : OPERATOR_GROUPS.flat()
  const operators = random.some(group, random.chance(0.9) ? 1 : 0, 2)
  return Object.fromEntries(operators.map((operator) => [operator, generateOperand(random, operator)]))
}

function generateOperand(random: Random, operator: string): JsonValue {
  if (operator === 'const') return random.pick(SCALARS)
  if (operator === 'enum') return random.some(SCALARS, 0, 4)
  if (operator === 'prefix') return random.pick(['', 'a', 'ab'])
  return random.pick(NUMBERS)
}

function generateWindow(random: Random): JsonObject {
  const from = random.below(HOURS.length - 1)
  const to = from + 1 + random.below(HOURS.length - from - 1)
  return {
    zone: random.chance(0.8) ? 'UTC' : 'Europe/Berlin',
    ...(random.chance(0.5) ? {} : { days: random.some(DAYS, 0, 3) }),
    from: HOURS[from] ?? '',
    to: HOURS[to] ?? '',
  }
}

function derive(random: Random, capability: JsonObject): JsonObject {
  let derived = capability
  for (let steps = random.below(5); steps > 0; steps -= 1) derived = changeMember(random, derived)
  return derived
}

function changeMember(random: Random, capability: JsonObject): JsonObject {
  const members = Object.keys(capability).filter((member) => member !== 'type')
  // Constraints are where a mistake would hide, so most steps go there.
  const name = random.chance(0.6) ? 'constraints' : random.pick(members)
  const isHttp = capability['type'] === 'http'
  if (name === 'constraints')
    return { ...capability, constraints: changeConstraints(random, capability, isHttp) }
  if (name === 'tools') return { ...capability, tools: pin(random.some(TOOLS, 0, 2)) }
  if (name === 'paths')
    return {
      ...capability,
      paths: changePaths(
        random,
        asList(capability['paths']).filter((path) => typeof path === 'string'),
      ),
    }
  const list = asList(capability[name])
  if (random.chance(0.8))
    return { ...capability, [name]: random.some(list, random.chance(0.9) ? 1 : 0, list.length) }
  return { ...capability, [name]: name === 'locations' ? LOCATIONS : isHttp ? METHODS : MCP_METHODS }
}

function changePaths(random: Random, paths: readonly string[]): readonly string[] {
  if (random.chance(0.15)) return random.some(PATTERNS, 1, 3)
  return paths.map((path) => (random.chance(0.5) ? narrowPath(random, path) : path))
}

function narrowPath(random: Random, path: string): string {
  if (path.endsWith('/**')) return path.slice(0, -2) + random.pick(['*', 'a', 'b/**', '*/a', 'a/*', ''])
  return path.replace('*', random.pick(['a', 'b', '*']))
}

function changeConstraints(random: Random, capability: JsonObject, isHttp: boolean): JsonObject {
  const constraints = asObject(capability['constraints'] ?? {})
  const name = random.pick(isHttp ? ['query', 'body', 'time'] : ['arguments', 'time'])
  if (random.chance(0.1))
    return Object.fromEntries(Object.entries(constraints).filter(([member]) => member !== name))
  if (name === 'time') return { ...constraints, time: changeWindows(random, constraints['time']) }
  const map = constraints[name]
  return {
    ...constraints,
    [name]: map === undefined ? generateMap(random) : changeMap(random, asObject(map)),
  }
}

function changeWindows(random: Random, windows: JsonValue | undefined): readonly JsonValue[] {
  if (windows === undefined || random.chance(0.2)) return [generateWindow(random)]
  const changes = [
    { days: ['mon'] },
    { zone: 'UTC' },
    { zone: 'Europe/Berlin' },
    { from: '09:00' },
    { to: '17:00' },
  ]
  return asList(windows).map((window) => {
    const changed = { ...asObject(window), ...random.pick(changes) }
    return String(changed['from']) < String(changed['to']) && random.chance(0.6) ? changed : window
  })
}

function changeMap(random: Random, map: JsonObject): JsonObject {
  const entries = Object.entries(map)
  if (entries.length === 0 || random.chance(0.1)) return { ...map, y: generateConstraint(random) }
  const [name, constraint] = random.pick(entries)
  if (random.chance(0.25)) return Object.fromEntries(entries.filter(([member]) => member !== name))
  return { ...map, [name]: changeConstraint(random, asObject(constraint)) }
}

function changeConstraint(random: Random, constraint: JsonObject): JsonObject {
  const operators = Object.keys(constraint)
  if (operators.length === 0 || random.chance(0.15)) return { ...constraint, ...generateConstraint(random) }
  const operator = random.pick(operators)
  const { [operator]: operand = null, ...others } = constraint
  if (random.chance(0.1)) return others
  return { ...others, ...changeOperand(random, operator, operand) }
}

/** Moves a bound a little, lengthens a prefix, or picks among the values of a list and sometimes one more. */
function changeOperand(random: Random, operator: string, operand: JsonValue): JsonObject {
  if (typeof operand === 'number' && operator !== 'const') {
    const index = NUMBERS.indexOf(operand) + random.pick([-1, 1])
    return { [operator]: NUMBERS[index] ?? operand }
  }
  if (operator === 'prefix') return { prefix: random.pick(['', 'a', 'ab']) }
  const listed = operator === 'enum' ? asList(operand) : [operand]
  const more = random.chance(0.3) ? [random.pick(SCALARS)] : []
  return { enum: [...random.some(listed, 0, listed.length), ...more] }
}

function pin(tools: readonly string[]): JsonObject {
  return Object.fromEntries(tools.map((name) => [name, digestSha256(name)]))
}

function asObject(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('The generator expected an object')
  return value
}

function asList(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new TypeError('The generator expected a list')
  return value
}
