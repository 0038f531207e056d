/** Field lines as they came, in order; names in any case, values not trimmed, never joined. */
export type FieldLines = readonly (readonly [name: string, value: string])[]

/** A request as the signer and the verifier see it: the origin is the configured one, the target is raw. */
export interface HttpRequestMessage {
  readonly kind: 'request'
  /** Case-sensitive, as sent. */
  readonly method: string
  /** Scheme and authority without a path, such as `https://api.test`. */
  readonly origin: string
  /** The request target in origin form, path and query exactly as on the wire. */
  readonly target: string
  readonly fields: FieldLines
}

/** A response as the signer and the verifier see it. */
export interface HttpResponseMessage {
  readonly kind: 'response'
  readonly status: number
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

/**
 * The values of one field, a value per line, without white space around them.
 *
 * @param name in lower case
 */
export function fieldValues(fields: FieldLines, name: string): readonly string[] {
  return fields
    .filter(([key]) => key.length === name.length && key.toLowerCase() === name)
    .map(([, value]) => trimFieldValue(value))
}

/** HTTP trims space and tab only; `String.trim` would also take bytes such as 0xA0 that belong to the value. */
function trimFieldValue(value: string): string {
  let start = 0
  let end = value.length
  while (start < end && isSpaceOrTab(value.charCodeAt(start))) start += 1
  while (end > start && isSpaceOrTab(value.charCodeAt(end - 1))) end -= 1
  return value.slice(start, end)
}

function isSpaceOrTab(code: number): boolean {
  return code === 0x20 || code === 0x09
}
