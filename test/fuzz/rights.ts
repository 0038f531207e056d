import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { asList, asObject, asText } from './json.ts'

/** A request as the second reader of capabilities sees it. */
export interface Act {
  readonly method: string
  readonly origin: string
  readonly target: string
  readonly body: Uint8Array
  readonly now: number
}

/**
 * Whether some capability allows the act: a second implementation from the words of the design, slow and plain, that
 * shares no code with the package. It may allow a little more than the package does, such as percent-encoding in a
 * segment that a wildcard stands for, but nothing that the words forbid.
 */
export function allows(capabilities: JsonValue | undefined, act: Act): boolean {
  return asList(capabilities).some((capability) => isJsonObject(capability) && allowsOne(capability, act))
}

function allowsOne(capability: JsonObject, act: Act): boolean {
  if (capability.type !== 'http') return false
  const [path = '', ...rest] = act.target.split('?')
  return (
    asList(capability.locations).includes(act.origin) &&
    asList(capability.actions).includes(act.method) &&
    asList(capability.paths).some((pattern) => typeof pattern === 'string' && matches(pattern, path)) &&
    allowsConstraints(asObject(capability.constraints ?? {}), rest.join('?'), act)
  )
}

function matches(pattern: string, path: string): boolean {
  const source = pattern
    .split('/')
    .map((segment) => (segment === '*' ? '[^/;]+' : segment === '**' ? '.*' : quote(segment)))
    .join('/')
  return new RegExp(`^${source}$`).test(path) && !/(?:^|\/)\.{1,2}(?:\/|$)/.test(path)
}

function quote(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

function allowsConstraints(constraints: JsonObject, query: string, act: Act): boolean {
  return Object.entries(constraints).every(([name, constraint]) => {
    if (name === 'query') return allowsMap(asObject(constraint), [...new URLSearchParams(query)], true)
    if (name === 'body') return allowsMap(asObject(constraint), readBody(act.body), false)
    return name === 'time' && asList(constraint).some((window) => isInside(asObject(window), act.now))
  })
}

function readBody(body: Uint8Array): readonly (readonly [string, JsonValue])[] {
  if (body.length === 0) return []
  const value: JsonValue = JSON.parse(Buffer.from(body).toString())
  return isJsonObject(value) ? Object.entries(value) : [['not an object', null]]
}

function allowsMap(
  map: JsonObject,
  pairs: readonly (readonly [string, JsonValue])[],
  isQuery: boolean,
): boolean {
  const values = new Map(pairs)
  if (values.size !== pairs.length) return false
  if ([...values.keys()].some((name) => !Object.hasOwn(map, name))) return false
  return Object.entries(map).every(([name, constraint]) =>
    Object.entries(asObject(constraint)).every(([operator, operand]) =>
      allowsValue(operator, operand, { value: values.get(name), isQuery }),
    ),
  )
}

function allowsValue(
  operator: string,
  operand: JsonValue,
  { value, isQuery }: { readonly value: JsonValue | undefined; readonly isQuery: boolean },
): boolean {
  const number = isQuery ? Number(value) : value
  switch (operator) {
    case 'const':
      return value === operand
    case 'enum':
      return asList(operand).some((listed) => listed === value)
    case 'prefix':
      return typeof value === 'string' && typeof operand === 'string' && value.startsWith(operand)
    case 'minimum':
      return value === undefined || (typeof number === 'number' && number >= Number(operand))
    case 'maximum':
      return value === undefined || (typeof number === 'number' && number <= Number(operand))
    case 'maxLength':
      return value === undefined || (typeof value === 'string' && Array.from(value).length <= Number(operand))
    default:
      return false
  }
}

function isInside(window: JsonObject, now: number): boolean {
  const clock = clockOf(asText(window.zone))
  const time = clock.time.format(now)
  const day = clock.day.format(now).toLowerCase()
  const isDay = window.days === undefined || asList(window.days).includes(day)
  return isDay && time >= asText(window.from) && time < asText(window.to)
}

const clocks = new Map<string, { readonly time: Intl.DateTimeFormat; readonly day: Intl.DateTimeFormat }>()

function clockOf(timeZone: string): {
  readonly time: Intl.DateTimeFormat
  readonly day: Intl.DateTimeFormat
} {
  const known = clocks.get(timeZone)
  if (known !== undefined) return known
  const options = { timeZone, hourCycle: 'h23' } as const
  const clock = {
    time: new Intl.DateTimeFormat('en-GB', { ...options, timeStyle: 'short' }),
    day: new Intl.DateTimeFormat('en-GB', { ...options, weekday: 'short' }),
  }
  clocks.set(timeZone, clock)
  return clock
}
