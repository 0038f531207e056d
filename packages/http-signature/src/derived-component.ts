import { createBoundedMap } from '@behalf/core'
import { HttpSignatureError } from './error.ts'
import type { ControlData, RequestControlData } from './http-message.ts'
import type { SfItem } from './structured-field.ts'

const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/([^/?#@\s]+)$/i
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const TARGET = /^[!-~]+$/
const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http', ':80'],
  ['https', ':443'],
])

interface OriginParts {
  readonly scheme: string
  readonly authority: string
  readonly prefix: string
}

// An API has one or two origins, and they are in every signature.
const knownOrigins = createBoundedMap<OriginParts>(64)

/**
 * The value of a component that is derived from the control data of a message.
 *
 * @param name the component's name, with its `@`
 * @throws HttpSignatureError `component_unsupported` when the message has no such component,
 * `signature_malformed` when its control data could not stand on one line of a signature base
 * @see RFC 9421 section 2.2
 */
export function derivedComponentValue(message: ControlData, name: string): string {
  if (message.kind === 'request') return requestComponentValue(message, name)
  if (name === '@status') return String(message.status)
  throw unsupported(`${name} of a response`)
}

/**
 * The value of one query parameter, decoded and encoded again the one way RFC 9421 demands.
 *
 * @param component `@query-param` with its parameter `name`
 * @throws HttpSignatureError `component_unsupported` unless the parameter occurs exactly once
 * @see RFC 9421 section 2.2.8
 */
export function queryParameterValue(message: ControlData, component: SfItem): string {
  const wanted = component.params.get('name')
  if (message.kind !== 'request' || wanted?.type !== 'string' || component.params.size !== 1) {
    throw unsupported('@query-param without its one parameter')
  }
  const pairs = new URLSearchParams(splitTarget(message).query)
  const values = [...pairs]
    .filter(([key]) => encodeURIComponent(key) === wanted.value)
    .map(([, value]) => value)
  const [value] = values
  if (value === undefined || values.length > 1)
    throw unsupported('@query-param that does not occur exactly once')
  return encodeURIComponent(value)
}

function requestComponentValue(message: RequestControlData, name: string): string {
  switch (name) {
    case '@method':
      return checkLine(message.method, METHOD)
    case '@target-uri':
      return parseOrigin(message.origin).prefix + originForm(message)
    case '@authority':
      return parseOrigin(message.origin).authority
    case '@scheme':
      return parseOrigin(message.origin).scheme
    case '@request-target':
      return checkLine(message.target, TARGET)
    case '@path':
      return splitTarget(message).path
    case '@query':
      return `?${splitTarget(message).query}`
    default:
      throw unsupported(`${name} of a request`)
  }
}

function splitTarget(message: RequestControlData): { path: string; query: string } {
  const target = originForm(message)
  const mark = target.indexOf('?')
  if (mark === -1) return { path: target, query: '' }
  return { path: target.slice(0, mark), query: target.slice(mark + 1) }
}

function originForm(message: RequestControlData): string {
  if (!message.target.startsWith('/')) throw unsupported('a target that is not in origin form')
  return checkLine(message.target, TARGET)
}

/** Control data that could break out of its line would let one signature mean two messages. */
function checkLine(value: string, grammar: RegExp): string {
  if (!grammar.test(value))
    throw new HttpSignatureError('signature_malformed', 'control data outside its grammar')
  return value
}

function parseOrigin(origin: string): OriginParts {
  const known = knownOrigins.get(origin)
  if (known !== undefined) return known
  const parts = readOrigin(origin)
  knownOrigins.set(origin, parts)
  return parts
}

function readOrigin(origin: string): OriginParts {
  const parts = ORIGIN.exec(origin)
  if (parts === null) throw new TypeError('an origin is a scheme and an authority without a path')
  const [, rawScheme = '', rawAuthority = ''] = parts
  const scheme = rawScheme.toLowerCase()
  const port = DEFAULT_PORTS.get(scheme)
  const lower = rawAuthority.toLowerCase()
  const authority = port !== undefined && lower.endsWith(port) ? lower.slice(0, -port.length) : lower
  return { scheme, authority, prefix: `${scheme}://${authority}` }
}

function unsupported(what: string): HttpSignatureError {
  return new HttpSignatureError('component_unsupported', `cannot be covered: ${what}`)
}
