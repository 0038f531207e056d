import { canonicalizeJson, type JsonObject } from '@behalf/core'
import type { Constraints, ValueConstraints } from './constraint.ts'
import { joinList, quoteText } from './quote-text.ts'
import type { TimeWindow, Weekday } from './time-window.ts'
import type { Scalar, ValueConstraint } from './value-constraint.ts'

const DAYS: Readonly<Record<Weekday, string>> = {
  mon: 'Monday',
  tue: 'Tuesday',
  wed: 'Wednesday',
  thu: 'Thursday',
  fri: 'Friday',
  sat: 'Saturday',
  sun: 'Sunday',
}
const MAPS = {
  query: { none: 'without a query', some: 'with a query of nothing but' },
  body: { none: 'with an empty JSON object as its body', some: 'with a JSON body of nothing but' },
  arguments: { none: 'without arguments', some: 'with no other arguments than' },
} as const
const KNOWN: ReadonlySet<string> = new Set([...Object.keys(MAPS), 'time'])

/**
 * Returns what constraints leave of a capability, each in words that follow a comma; nothing for absent ones. What is
 * not understood is shown as it is, because a verifier that understands it counts it.
 */
export function describeConstraints(constraints: Constraints | undefined): readonly string[] {
  if (constraints === undefined) return []
  const { query, body, arguments: named, time } = constraints
  const unknown = Object.fromEntries(Object.entries(constraints).filter(([name]) => !KNOWN.has(name)))
  return [
    ...describeMap('query', query),
    ...describeMap('body', body),
    ...describeMap('arguments', named),
    ...(time === undefined ? [] : [describeTime(time)]),
    ...describeUnknown(unknown).map((rule) => `under ${rule}`),
  ]
}

function describeMap(kind: keyof typeof MAPS, map: ValueConstraints | undefined): readonly string[] {
  if (map === undefined) return []
  const names = Object.keys(map).toSorted()
  if (names.length === 0) return [MAPS[kind].none]
  const values = names.map((name) => `${quoteText(name)} (${describeValue(map[name] ?? {})})`)
  return [`${MAPS[kind].some} ${joinList(values, 'and')}`]
}

function describeValue(constraint: ValueConstraint): string {
  const { const: only, enum: listed, minimum, maximum, prefix, maxLength, ...unknown } = constraint
  const rules = [
    ...(only === undefined ? [] : [`exactly ${describeScalar(only)}`]),
    ...(listed === undefined ? [] : [describeEnum(listed)]),
    ...(minimum === undefined ? [] : [`at least ${canonicalizeJson(minimum)}`]),
    ...(maximum === undefined ? [] : [`at most ${canonicalizeJson(maximum)}`]),
    ...(prefix === undefined ? [] : [`beginning with ${quoteText(prefix)}`]),
    ...(maxLength === undefined ? [] : [`at most ${maxLength} characters`]),
    ...describeUnknown(unknown),
  ]
  return rules.length === 0 ? 'any value' : rules.join(', ')
}

function describeEnum(listed: readonly Scalar[]): string {
  return listed.length === 0 ? 'no value at all' : `only ${joinList(listed.map(describeScalar), 'or')}`
}

function describeScalar(scalar: Scalar): string {
  return typeof scalar === 'string' ? quoteText(scalar) : canonicalizeJson(scalar)
}

function describeTime(windows: readonly TimeWindow[]): string {
  if (windows.length === 0) return 'at no time'
  return `only ${joinList(windows.map(describeWindow), 'or')}`
}

function describeWindow(window: TimeWindow): string {
  const { zone, days, from, to, ...unknown } = window
  const when = days === undefined ? 'on any day' : `on ${joinList(days.map(nameDay), 'or') || 'no day'}`
  const rules = describeUnknown(unknown).map((rule) => ` under ${rule}`)
  return `${when} from ${from} to ${to} on the clocks of ${quoteText(zone)}${rules.join('')}`
}

function nameDay(day: Weekday): string {
  return DAYS[day]
}

/** In an order of its own: the members of equal JSON may come in any. */
function describeUnknown(rules: JsonObject): readonly string[] {
  const names = Object.keys(rules).toSorted()
  return names.map(
    (name) => `the unknown rule ${quoteText(canonicalizeJson({ [name]: rules[name] ?? null }))}`,
  )
}
