import { HttpSignatureError } from './error.ts'

/** Field lines as they came, in order; names in any case, values not trimmed, never joined. */
export type FieldLines = readonly (readonly [name: string, value: string])[]

/** What a request says beside its fields: the origin is the configured one, the target is raw. */
export interface RequestControlData {
  readonly kind: 'request'
  /** Case-sensitive, as sent. */
  readonly method: string
  /** Scheme and authority without a path, such as `https://api.test`. */
  readonly origin: string
  /** The request target in origin form, path and query exactly as on the wire. */
  readonly target: string
}

/** What a response says beside its fields. */
export interface ResponseControlData {
  readonly kind: 'response'
  readonly status: number
}

/** What a message says beside its fields. @see RFC 9421 section 2.2 */
export type ControlData = RequestControlData | ResponseControlData

/** A request as the signer and the verifier see it. */
export interface HttpRequestMessage extends RequestControlData {
  readonly fields: FieldLines
}

/** A response as the signer and the verifier see it. */
export interface HttpResponseMessage extends ResponseControlData {
  readonly fields: FieldLines
}

/** What can be signed. */
export type HttpMessage = HttpRequestMessage | HttpResponseMessage

/** The fields of one message, looked up by lower-case name. */
export interface FieldIndex {
  /** The combined value, lines joined with a comma and a space, each without white space around it. */
  readonly values: ReadonlyMap<string, string>
  /** Names that occur on more than one line. */
  readonly repeated: ReadonlySet<string>
}

/** The fields of a message: its lines, or the index of them where several functions read the same message. */
export type Fields = FieldLines | FieldIndex

/**
 * Builds the lookup of a message's fields.
 *
 * @see RFC 9421 section 2.1
 */
export function indexFields(fields: FieldLines): FieldIndex {
  const values = new Map<string, string>()
  const repeated = new Set<string>()
  for (const [rawName, rawValue] of fields) {
    const name = rawName.toLowerCase()
    const value = trimFieldValue(rawValue)
    const earlier = values.get(name)
    if (earlier !== undefined) repeated.add(name)
    values.set(name, earlier === undefined ? value : `${earlier}, ${value}`)
  }
  return { values, repeated }
}

/** The index of a message's fields, which is the argument when it is one. */
export function toFieldIndex(fields: Fields): FieldIndex {
  return isFieldLines(fields) ? indexFields(fields) : fields
}

/**
 * The value of a field that must not be repeated, without white space around it.
 *
 * @param name in lower case
 * @returns undefined when the field is absent
 * @throws HttpSignatureError `header_ambiguous` when it occurs on several lines
 */
export function readSingleField(fields: Fields, name: string): string | undefined {
  const { values, repeated } = toFieldIndex(fields)
  if (repeated.has(name)) throw new HttpSignatureError('header_ambiguous', `${name} occurs on several lines`)
  return values.get(name)
}

function isFieldLines(fields: Fields): fields is FieldLines {
  return Array.isArray(fields)
}

/** HTTP trims space and tab only; `String.trim` would also take bytes such as 0xA0 that belong to the value. */
function trimFieldValue(value: string): string {
  let start = 0
  let end = value.length
  // Past either end the code is NaN, which is neither.
  while (isSpaceOrTab(value.charCodeAt(start))) start += 1
  while (isSpaceOrTab(value.charCodeAt(end - 1))) end -= 1
  return value.slice(start, end)
}

function isSpaceOrTab(code: number): boolean {
  return code === 0x20 || code === 0x09
}
