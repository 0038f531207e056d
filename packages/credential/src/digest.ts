import { decodeBase64url, type JsonValue } from '@behalf/core'

const DIGEST = /^sha-256:([A-Za-z0-9_-]{43})$/

/** Whether `value` is a digest in the one spelling that `digestSha256` of `@behalf/core` writes. */
export function isDigest(value: JsonValue | undefined): value is string {
  const encoded = typeof value === 'string' ? DIGEST.exec(value)?.[1] : undefined
  return encoded !== undefined && isCanonical(encoded)
}

function isCanonical(encoded: string): boolean {
  try {
    return decodeBase64url(encoded).length === 32
  } catch {
    return false
  }
}
