import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { UNIVERSES, type Universe } from './capability-universe.ts'

// A second implementation of what capabilities mean, written from the words of the design, slow and plain. It shares
// no code with the package.

/** Which values of each dimension a capability allows. */
export type Profile = readonly (readonly boolean[])[]

/** Returns whether each value of each dimension is allowed by the capability, as it is spelled on the wire. */
export function profileOf(capability: JsonObject, universe: Universe): Profile {
  return universe.dimensions.map((values, dimension) =>
    values.map(
      (value) => capability['type'] === universe.type && allowsDimension(capability, dimension, value),
    ),
  )
}

/** Whether there is a request in any universe that the child allows and the parent refuses. */
export function isWider(parent: readonly JsonObject[], child: readonly JsonObject[]): boolean {
  return UNIVERSES.some((universe) => {
    const wide = parent.map((capability) => profileOf(capability, universe))
    return child.some((capability) => escapes(profileOf(capability, universe), wide, 0))
  })
}

/** Whether the capability allows the request with these values, one for each dimension. */
export function allowsRequest(capability: JsonObject, values: readonly unknown[]): boolean {
  return values.every((value, dimension) => allowsDimension(capability, dimension, value))
}

/**
 * Tries every request of the child, dimension by dimension, and drops the parents that refuse it on the way. Which
 * parents are left is all that the rest of the search depends on, so the same rest is searched once.
 */
function escapes(child: Profile, parents: readonly Profile[], dimension: number): boolean {
  const allowed = child[dimension]
  if (allowed === undefined) return parents.length === 0
  const tried = new Set<string>()
  return allowed.some((isAllowed, value) => {
    if (!isAllowed) return false
    const left = parents.filter((parent) => parent[dimension]?.[value] === true)
    const rest = left.map((parent) => parents.indexOf(parent)).join()
    if (tried.has(rest)) return false
    tried.add(rest)
    return escapes(child, left, dimension + 1)
  })
}

function allowsDimension(capability: JsonObject, dimension: number, value: unknown): boolean {
  const constraints = asObject(capability['constraints'] ?? {})
  if (dimension === 0) return asTexts(capability['locations']).includes(String(value))
  if (capability['type'] === 'mcp') {
    if (dimension === 1) return allowsCall(capability, asObject(value))
    return dimension === 2
      ? allowsMap(constraints['arguments'], toEntries(asObject(value)), false)
      : allowsTime(constraints['time'], Number(value))
  }
  if (dimension === 1) return asTexts(capability['actions']).includes(String(value))
  if (dimension === 2)
    return asTexts(capability['paths']).some((pattern) => toRegExp(pattern).test(String(value)))
  if (dimension === 3) return allowsQuery(constraints['query'], String(value))
  return dimension === 4
    ? allowsMap(constraints['body'], toEntries(asObject(value)), false)
    : allowsTime(constraints['time'], Number(value))
}

function allowsCall(capability: JsonObject, { action, tool }: JsonObject): boolean {
  if (!asTexts(capability['actions']).includes(asText(action))) return false
  if (action !== 'tools/call') return true
  return typeof tool === 'string' && Object.keys(asObject(capability['tools'] ?? {})).includes(tool)
}

const toRegExp = remember((pattern: string): RegExp => {
  const source = pattern.replaceAll(/\/\*(?=\/|$)/g, '/[a-z]+').replace(/\/\*\*$/, '(?:/[a-z]+)*/[a-z]*')
  return new RegExp(`^${source}$`)
})
const toPairs = remember((query: string) => [...new URLSearchParams(query)])
const toEntries = remember((values: JsonObject) => new Map(Object.entries(values)))
const toClock = remember((time: number) => new Date(time).toUTCString().toLowerCase())

function allowsQuery(map: JsonValue | undefined, query: string): boolean {
  if (map === undefined) return true
  const pairs = toPairs(query)
  const values = new Map<string, JsonValue>(pairs)
  return values.size === pairs.length && allowsMap(map, values, true)
}

function allowsMap(
  map: JsonValue | undefined,
  values: ReadonlyMap<string, JsonValue>,
  isQuery: boolean,
): boolean {
  if (map === undefined) return true
  const constraints = new Map(Object.entries(asObject(map)))
  if ([...values.keys()].some((name) => !constraints.has(name))) return false
  return [...constraints].every(([name, constraint]) => {
    const value = values.get(name)
    return Object.entries(asObject(constraint)).every(([operator, operand]) =>
      value === undefined
        ? ['minimum', 'maximum', 'maxLength'].includes(operator)
        : allowsValue(operator, operand, isQuery ? readQueryValue(operator, value) : value),
    )
  })
}

/** A bound in a query is about the number that the text is the plain spelling of. */
function readQueryValue(operator: string, value: JsonValue): JsonValue {
  if (operator !== 'minimum' && operator !== 'maximum') return value
  return /^-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?$/.test(asText(value)) ? Number(value) : null
}

function allowsValue(operator: string, operand: JsonValue, value: JsonValue): boolean {
  switch (operator) {
    case 'const':
      return Object.is(operand, value)
    case 'enum':
      return asList(operand).some((listed) => Object.is(listed, value))
    case 'minimum':
      return typeof value === 'number' && value >= Number(operand)
    case 'maximum':
      return typeof value === 'number' && value <= Number(operand)
    case 'prefix':
      return typeof value === 'string' && value.slice(0, asText(operand).length) === operand
    case 'maxLength':
      return typeof value === 'string' && Array.from(value).length <= Number(operand)
    default:
      throw new TypeError('The oracle does not know this operator')
  }
}

function allowsTime(windows: JsonValue | undefined, now: number): boolean {
  if (windows === undefined) return true
  return asList(windows).some((window) => {
    const { zone, days, from, to } = asObject(window)
    // The generator uses two zones, and no day on which clocks change.
    const local = toClock(now + (zone === 'Europe/Berlin' ? 3_600_000 : 0))
    const isDay = days === undefined || asTexts(days).some((day) => local.startsWith(day))
    const time = local.slice(17, 22)
    return isDay && time >= asText(from) && time < asText(to)
  })
}

/** Returns the function that computes each answer once: there are few different questions. */
function remember<Question, Answer>(compute: (question: Question) => Answer): (question: Question) => Answer {
  const answers = new Map<Question, Answer>()
  return (question) => {
    const answer = answers.get(question) ?? compute(question)
    answers.set(question, answer)
    return answer
  }
}

function asObject(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('The oracle expected an object')
  return value
}

function asList(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new TypeError('The oracle expected a list')
  return value
}

function asTexts(value: JsonValue | undefined): readonly string[] {
  return asList(value).map(asText)
}

function asText(value: JsonValue | undefined): string {
  if (typeof value !== 'string') throw new TypeError('The oracle expected a text')
  return value
}
