import { CoreError } from './error.ts'
import { JsonReader } from './json-reader.ts'
import type { JsonValue } from './json-value.ts'
import { decodeUtf8 } from './utf8.ts'

/** Upper bounds for untrusted JSON. */
export interface JsonLimits {
  /** Length of the text in UTF-8 bytes; 1 MiB unless said otherwise. */
  maxBytes?: number
  /** Arrays and objects inside each other; 32 unless said otherwise, at most 256. */
  maxDepth?: number
  /** Object members and array elements in the whole text; 65,536 unless said otherwise. */
  maxMembers?: number
}

const DEFAULT_LIMITS: Required<JsonLimits> = { maxBytes: 1_048_576, maxDepth: 32, maxMembers: 65_536 }
// The reader recurses once per level; a higher bound could exhaust the stack.
const GREATEST_DEPTH = 256

/**
 * Returns the value of a JSON text that every parser understands the same way; objects in it have no prototype.
 * @param input text, or its UTF-8 bytes
 * @param limits upper bounds, see {@link JsonLimits}
 * @throws CoreError `json_malformed` for anything RFC 8259 does not allow, a byte order mark, or a limit exceeded
 * @throws CoreError `json_ambiguous` where parsers disagree: member names that are equal or differ only in case,
 * members named `__proto__`, `constructor` or `prototype`, integers outside ±(2^53-1), numbers too large for a
 * double, lone surrogates
 * @throws TypeError when `maxDepth` is above 256
 * @see RFC 8259, RFC 7493 section 2
 * @example
 * parseJson('{"amount":1}') // { amount: 1 }
 */
export function parseJson(input: string | Uint8Array, limits: JsonLimits = {}): JsonValue {
  const bounds = { ...DEFAULT_LIMITS, ...limits }
  if (bounds.maxDepth > GREATEST_DEPTH) throw new TypeError(`maxDepth must be at most ${GREATEST_DEPTH}`)
  const text = typeof input === 'string' ? checkText(input, bounds) : decodeText(input, bounds)
  return new JsonReader(text, bounds).readDocument()
}

function decodeText(bytes: Uint8Array, { maxBytes }: Required<JsonLimits>): string {
  if (bytes.length > maxBytes) throw tooLong()
  try {
    return decodeUtf8(bytes)
  } catch (cause) {
    throw new CoreError('json_malformed', 'The JSON text is not UTF-8 without a byte order mark', { cause })
  }
}

function checkText(text: string, { maxBytes }: Required<JsonLimits>): string {
  // A UTF-16 unit becomes one to three bytes, so most texts need no counting, which copies them.
  if (text.length > maxBytes) throw tooLong()
  if (text.length * 3 > maxBytes && new TextEncoder().encode(text).length > maxBytes) throw tooLong()
  return text
}

function tooLong(): CoreError {
  return new CoreError('json_malformed', 'The JSON text is too long')
}
