import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { CredentialError } from './error.ts'

/**
 * Returns `value` as an object.
 * @param field our name of the member, for the refusal
 * @throws CredentialError `credential_malformed` for anything else
 */
export function readObject(value: JsonValue | undefined, field: string): JsonObject {
  if (!isJsonObject(value)) throw malformed(field, 'is not an object')
  return value
}

/**
 * Returns `value` as a text that is not empty.
 * @param field our name of the member, for the refusal
 * @throws CredentialError `credential_malformed` for anything else
 */
export function readText(value: JsonValue | undefined, field: string): string {
  if (typeof value !== 'string' || value === '') throw malformed(field, 'is not a text')
  return value
}

/**
 * Returns `value` as an integer of at least `minimum`, never as negative zero.
 * @param field our name of the member, for the refusal
 * @throws CredentialError `credential_malformed` for anything else
 */
export function readInteger(value: JsonValue | undefined, field: string, minimum = 0): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < minimum) {
    throw malformed(field, `is not an integer of at least ${minimum}`)
  }
  return value + 0
}

/**
 * Refuses members that are not listed, so that nothing in a signed object is silently ignored.
 * @param field our name of the object, for the refusal
 * @throws CredentialError `credential_malformed`
 */
export function checkMembers(object: JsonObject, allowed: ReadonlySet<string>, field: string): void {
  for (const name of Object.keys(object)) {
    if (!allowed.has(name)) throw malformed(field, 'has a member that is not defined')
  }
}

/** Whether `value` is a list of exactly these texts in this order. */
export function isExactly(value: JsonValue | undefined, expected: readonly string[]): boolean {
  return (
    Array.isArray(value) &&
    value.length === expected.length &&
    expected.every((element, index) => value[index] === element)
  )
}

/** Returns the refusal of a member, without its value. */
export function malformed(field: string, what: string): CredentialError {
  return new CredentialError('credential_malformed', `${field} ${what}`, { field })
}

/** Freezes a value and everything in it but byte arrays, so that what was checked stays what it is. */
export function freezeDeeply<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  if (Array.isArray(value)) value.forEach(freezeDeeply)
  else for (const name in value) freezeDeeply(value[name])
  return Object.freeze(value)
}
