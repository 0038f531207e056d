import { canonicalizeJson, type JsonObject, type JsonValue } from '@behalf/core'

/** Whether what is told is what was signed, to the member; nothing is the same as nothing. */
export function isSame(told: JsonValue | object | undefined, signed: object | undefined): boolean {
  if (told === undefined || signed === undefined) return told === signed
  return canonicalizeJson(told as JsonValue) === canonicalizeJson({ ...signed } as JsonObject)
}
