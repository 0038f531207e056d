import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { parseCapabilities } from '@behalf/credential'
import type { KnownCapability } from '@behalf/issuer'

/** Reads a column that holds the JSON text of an object. */
export function readJsonColumn(text: string): JsonObject {
  const value = parseJson(text)
  if (isJsonObject(value)) return value
  throw new Error('A column that holds an object holds something else')
}

/** Reads the JSON form of capabilities that were checked before they were written. */
export function readCapabilities(value: JsonValue | undefined): readonly KnownCapability[] {
  return parseCapabilities(value ?? null).flatMap((capability) =>
    capability.type === 'unknown' ? [] : [capability],
  )
}

/** Reads a text that must be there. */
export function readText(value: JsonValue | undefined): string {
  if (typeof value === 'string') return value
  throw new Error('A column misses a text')
}

/** Reads a number that must be there. */
export function readNumber(value: JsonValue | undefined): number {
  if (typeof value === 'number') return value
  throw new Error('A column misses a number')
}

/** Reads an object that must be there. */
export function readObject(value: JsonValue | undefined): JsonObject {
  if (isJsonObject(value)) return value
  throw new Error('A column misses an object')
}

/** Reads a list that must be there. */
export function readList(value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value
  throw new Error('A column misses a list')
}

/** A member of that name when there is a value, no member when there is none. */
export function optional<Name extends string, Value>(
  name: Name,
  value: Value | null | undefined,
): { readonly [Key in Name]?: Value } {
  const member: { [Key in Name]?: Value } = {}
  if (value !== null && value !== undefined) member[name] = value
  return member
}
