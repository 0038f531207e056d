import { Point } from '@noble/ed25519'

/**
 * Returns the point of the curve that 32 bytes encode, or undefined when there is none. Small-order points and second
 * spellings are for the caller to refuse.
 * @see RFC 8032 section 5.1.3
 */
export function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes)
  } catch {
    return undefined
  }
}
