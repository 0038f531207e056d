import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { checkText } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'

const POINTER = /^(?:\/(?:[^~/]|~[01])+)+$/u
const MAX_TEXT = 500

/**
 * Returns the steps of a JSON pointer to a member; undefined for what is none.
 *
 * @see RFC 6901 section 4
 */
export function parsePointer(text: string): readonly string[] | undefined {
  if (!POINTER.test(text)) return undefined
  return text
    .slice(1)
    .split('/')
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/**
 * Returns what is to be remembered of verified claims. What is not there is not remembered.
 *
 * @param wanted - names and JSON pointers
 * @throws AuthorityError `credential_malformed` for one that is no text, boolean or whole number, or cannot be shown
 */
export function readClaims(
  claims: JsonObject,
  wanted: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const found = Object.entries(wanted).flatMap(([name, pointer]) => {
    const value = follow(claims, parsePointer(pointer) ?? [])
    return value === undefined ? [] : [[name, readScalar(value, name)] as const]
  })
  return Object.fromEntries(found)
}

/**
 * Returns a text of somebody else that can be shown to people as it is.
 *
 * @throws AuthorityError `credential_malformed`
 */
export function readShowable(value: JsonValue | undefined, field: string): string {
  if (typeof value !== 'string') throw malformed(field)
  try {
    return checkText(value, { field, maxLength: MAX_TEXT })
  } catch (cause) {
    throw malformed(field, cause)
  }
}

function follow(value: JsonValue, [step, ...rest]: readonly string[]): JsonValue | undefined {
  if (step === undefined) return value
  const next = isJsonObject(value) && Object.hasOwn(value, step) ? value[step] : undefined
  return next === undefined ? undefined : follow(next, rest)
}

function readScalar(value: JsonValue, name: string): string {
  const isScalar = typeof value === 'boolean' || Number.isSafeInteger(value)
  return readShowable(isScalar ? JSON.stringify(value) : value, name)
}

function malformed(field: string, cause?: unknown): AuthorityError {
  return new AuthorityError('credential_malformed', `${field} is not there, or no text that can be shown`, {
    cause,
  })
}
