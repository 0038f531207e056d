import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import {
  checkTimeWindow,
  coversTimeWindow,
  isUnderstoodWindow,
  parseTimeWindow,
  type TimeWindow,
} from './time-window.ts'
import {
  coversConstraint,
  isUnderstoodConstraint,
  parseValueConstraint,
  requiresPresence,
  satisfiesConstraint,
  scopeMalformed,
  type ValueConstraint,
  type ValueSource,
} from './value-constraint.ts'

/** A closed map: names that are not listed are denied, so `{}` allows none. */
export type ValueConstraints = { readonly [name: string]: ValueConstraint }

/**
 * What limits a capability. An absent member leaves that part free. `query` and `body` are for `http`, `arguments` is
 * for `mcp`, `time` (inside any of the windows) for both. Further members are kept, so that evaluation can refuse
 * what it does not understand.
 */
export type Constraints = {
  readonly query?: ValueConstraints
  readonly body?: ValueConstraints
  readonly arguments?: ValueConstraints
  readonly time?: readonly TimeWindow[]
}

/** The answer of one constraint; `unknown` when it says something that cannot be evaluated here. */
export type ConstraintVerdict = 'allowed' | 'denied' | 'unknown'

type MapName = 'query' | 'body' | 'arguments'
const MAP_NAMES: readonly MapName[] = ['query', 'body', 'arguments']
const SOURCES: Readonly<Record<MapName, ValueSource>> = { query: 'query', body: 'json', arguments: 'json' }
const NAMES_BY_TYPE: Readonly<Record<'http' | 'mcp', ReadonlySet<string>>> = {
  http: new Set(['query', 'body', 'time']),
  mcp: new Set(['arguments', 'time']),
}

/**
 * Returns `value` as constraints whose known members have their form.
 * @throws CredentialError `scope_malformed`
 */
export function parseConstraints(value: JsonValue): Constraints {
  if (!isJsonObject(value)) throw scopeMalformed('The constraints are not an object')
  for (const name of MAP_NAMES) {
    if (value[name] !== undefined) parseValueConstraints(value[name])
  }
  if (value.time === undefined) return value satisfies JsonObject
  if (!Array.isArray(value.time)) throw scopeMalformed('The time windows are not a list')
  return { ...value, time: value.time.map(parseTimeWindow) }
}

/** Whether a capability of this type evaluates every member of its constraints, at every level. */
export function isUnderstood(constraints: Constraints | undefined, type: 'http' | 'mcp'): boolean {
  if (constraints === undefined) return true
  if (!Object.keys(constraints).every((name) => NAMES_BY_TYPE[type].has(name))) return false
  return (
    MAP_NAMES.every((name) => isUnderstoodMap(constraints[name])) &&
    (constraints.time ?? []).every(isUnderstoodWindow)
  )
}

/**
 * Whether a closed map allows these named values.
 * @param map absent when that part is free
 * @param values what the request has, by name
 * @param source whether the values are texts of a query or JSON
 */
export function allowsValues(
  map: ValueConstraints | undefined,
  values: ReadonlyMap<string, JsonValue>,
  source: ValueSource,
): boolean {
  if (map === undefined) return true
  for (const name of values.keys()) {
    if (!Object.hasOwn(map, name)) return false
  }
  return Object.entries(map).every(([name, constraint]) => {
    const value = values.get(name)
    if (value === undefined) return !requiresPresence(constraint)
    return satisfiesConstraint(constraint, value, source)
  })
}

/** Whether `now`, in milliseconds since the epoch, lies in one of the windows; absent windows are every time. */
export function checkTime(windows: readonly TimeWindow[] | undefined, now: number): ConstraintVerdict {
  if (windows === undefined) return 'allowed'
  const verdicts = new Set(windows.map((window) => checkTimeWindow(window, now)))
  if (verdicts.has('inside')) return 'allowed'
  return verdicts.has('unknown') ? 'unknown' : 'denied'
}

/**
 * Whether everything that `child` allows is allowed by `parent`; both must be understood. Each window of the child
 * must lie inside one window of the parent.
 */
export function coversConstraints(parent: Constraints | undefined, child: Constraints | undefined): boolean {
  if (parent === undefined) return true
  return (
    MAP_NAMES.every((name) => coversMap(parent[name], child?.[name], SOURCES[name])) &&
    coversWindows(parent.time, child?.time)
  )
}

function parseValueConstraints(value: JsonValue): void {
  if (!isJsonObject(value)) throw scopeMalformed('A constraint map is not an object')
  Object.values(value).forEach(parseValueConstraint)
}

function isUnderstoodMap(map: ValueConstraints | undefined): boolean {
  return map === undefined || Object.values(map).every(isUnderstoodConstraint)
}

function coversMap(
  parent: ValueConstraints | undefined,
  child: ValueConstraints | undefined,
  source: ValueSource,
): boolean {
  if (parent === undefined) return true
  if (child === undefined) return false
  if (!Object.keys(child).every((name) => Object.hasOwn(parent, name))) return false
  return Object.entries(parent).every(([name, constraint]) => {
    const narrower = Object.hasOwn(child, name) ? child[name] : undefined
    // A name the child leaves out is one it forbids, which a parent that requires it would refuse.
    if (narrower === undefined) return !requiresPresence(constraint)
    return coversConstraint(constraint, narrower, source)
  })
}

function coversWindows(
  parent: readonly TimeWindow[] | undefined,
  child: readonly TimeWindow[] | undefined,
): boolean {
  if (parent === undefined) return true
  if (child === undefined) return false
  return child.every((window) => parent.some((wide) => coversTimeWindow(wide, window)))
}
