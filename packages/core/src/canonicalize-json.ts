import { CoreError } from './error.ts'
import { isJsonObject, type JsonValue } from './json-value.ts'

// Far above what parseJson lets through; reached by values that contain themselves.
const GREATEST_DEPTH = 512

/**
 * Returns the canonical spelling of `value`: members in the order of their UTF-16 code units, no white space, numbers
 * and strings as ECMAScript writes them.
 * @throws CoreError `json_ambiguous` for what JSON cannot express: NaN, infinities, lone surrogates, `undefined`,
 * functions, instances of classes, and values nested more than 512 levels deep or containing themselves
 * @see RFC 8785 section 3.2
 * @example
 * canonicalizeJson({ b: 1, a: 2 }) // '{"a":2,"b":1}'
 */
export function canonicalizeJson(value: JsonValue): string {
  return writeValue(value, 0)
}

function writeValue(value: unknown, depth: number): string {
  if (depth > GREATEST_DEPTH) throw inexpressible('nested too deeply')
  if (typeof value === 'string') return writeString(value)
  if (typeof value === 'number') return writeNumber(value)
  if (value === null || typeof value === 'boolean') return String(value)
  if (Array.isArray(value))
    return `[${Array.from(value, (element) => writeValue(element, depth + 1)).join(',')}]`
  if (isJsonObject(value)) return writeObject(value, depth + 1)
  throw inexpressible(`of type ${typeof value}`)
}

function writeObject(object: { readonly [name: string]: unknown }, depth: number): string {
  const members = Object.keys(object).sort()
  return `{${members.map((name) => `${writeString(name)}:${writeValue(object[name], depth)}`).join(',')}}`
}

function writeString(text: string): string {
  if (!text.isWellFormed()) throw inexpressible('a string with a lone surrogate')
  return JSON.stringify(text)
}

function writeNumber(value: number): string {
  if (!Number.isFinite(value)) throw inexpressible('not a finite number')
  return JSON.stringify(value)
}

function inexpressible(what: string): CoreError {
  return new CoreError('json_ambiguous', `JSON cannot express a value that is ${what}`)
}
