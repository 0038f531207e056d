import type { JsonValue } from '@behalf/core'

// 32 bytes are 43 characters, of which the last carries four bits and two zeros.
const DIGEST = /^sha-256:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/

/** Whether `value` is a digest in the one spelling that `digestSha256` of `@behalf/core` writes. */
export function isDigest(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && DIGEST.test(value)
}
