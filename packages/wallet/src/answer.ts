import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { WalletError } from './error.ts'

// RFC 3339 in UTC, with at most milliseconds.
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/

/*
 * Readers of one member of an authority's answer. Each throws WalletError authority_response_invalid, with the member
 * in `field`, when it is absent or of another form. Members that nobody reads are allowed, so that answers can grow.
 */

/** The text of a member. */
export function readText(answer: JsonObject, name: string): string {
  const value = answer[name]
  if (typeof value === 'string') return value
  throw invalidAnswer(name)
}

/** The text of a member that may be absent. */
export function readOptionalText(answer: JsonObject, name: string): string | undefined {
  return answer[name] === undefined ? undefined : readText(answer, name)
}

/** Whether a member says so. */
export function readBoolean(answer: JsonObject, name: string): boolean {
  const value = answer[name]
  if (typeof value === 'boolean') return value
  throw invalidAnswer(name)
}

/** The integer of a member, not negative. */
export function readInteger(answer: JsonObject, name: string): number {
  const value = answer[name]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw invalidAnswer(name)
}

/** The integer of a member that may be absent. */
export function readOptionalInteger(answer: JsonObject, name: string): number | undefined {
  return answer[name] === undefined ? undefined : readInteger(answer, name)
}

/** The time of a member in milliseconds since the epoch. */
export function readTime(answer: JsonObject, name: string): number {
  const text = readText(answer, name)
  const time = TIME.test(text) ? Date.parse(text) : Number.NaN
  if (Number.isNaN(time)) throw invalidAnswer(name)
  return time
}

/** The time of a member that may be absent, in milliseconds since the epoch. */
export function readOptionalTime(answer: JsonObject, name: string): number | undefined {
  return answer[name] === undefined ? undefined : readTime(answer, name)
}

/** The object of a member. */
export function readObject(answer: JsonObject, name: string): JsonObject {
  const value = answer[name]
  if (isJsonObject(value)) return value
  throw invalidAnswer(name)
}

/** The list of a member. */
export function readList(answer: JsonObject, name: string): readonly JsonValue[] {
  const value = answer[name]
  if (Array.isArray(value)) return value
  throw invalidAnswer(name)
}

/** The list of objects of a member. */
export function readObjects(answer: JsonObject, name: string): readonly JsonObject[] {
  const list = readList(answer, name)
  if (list.every(isJsonObject)) return list
  throw invalidAnswer(name)
}

/** The list of texts of a member. */
export function readTexts(answer: JsonObject, name: string): readonly string[] {
  const list = readList(answer, name)
  if (list.every((element) => typeof element === 'string')) return list
  throw invalidAnswer(name)
}

/** The object without members that are `undefined`. */
export function withoutAbsent<Value extends object>(value: Value): WithoutAbsent<Value> {
  return Object.fromEntries(
    Object.entries(value).filter(([, member]) => member !== undefined),
  ) as WithoutAbsent<Value>
}

/** A type whose members that may be `undefined` are optional instead. */
export type WithoutAbsent<Value> = {
  [Name in keyof Value as undefined extends Value[Name] ? Name : never]?: Exclude<Value[Name], undefined>
} & { [Name in keyof Value as undefined extends Value[Name] ? never : Name]: Value[Name] }

/** The refusal of an answer. */
export function invalidAnswer(field: string): WalletError {
  return new WalletError('authority_response_invalid', `the authority's answer lacks a valid ${field}`, {
    field,
  })
}
