import { concatBytes } from './bytes.ts'
import { sha256 } from './sha256.ts'

const BLOCK_BYTES = 64

/**
 * Returns the HMAC-SHA-256 of `bytes` under `key`, 32 bytes: nobody without the key can make it for other bytes.
 * @param key of any length; longer than 64 bytes it is hashed first
 * @see RFC 2104 section 2
 */
export function hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key)
  const [inner, outer] = [0x36, 0x5c].map((pad) => block.map((byte) => byte ^ pad))
  if (inner === undefined || outer === undefined) throw new Error('There are two pads')
  return sha256(concatBytes(outer, sha256(concatBytes(inner, bytes))))
}
