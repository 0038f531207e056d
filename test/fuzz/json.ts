import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'

// What is not there, or of another type, reads as nothing: the harness looks at forgeries, too.

export function asObject(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}

export function asList(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}

export function asText(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
