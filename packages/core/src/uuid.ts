import { encodeHex } from './hex.ts'
import type { RandomBytes } from './random-bytes.ts'

/**
 * Returns a new random identifier, `urn:uuid:` and a version 4 UUID in lower case.
 * @param random asked once, for 16 bytes
 * @throws TypeError when `random` returns another number of bytes
 * @see RFC 9562 sections 4 and 5.4
 */
export function createUuid(random: RandomBytes): string {
  const bytes = random(16)
  if (bytes.length !== 16)
    throw new TypeError('The random source must return as many bytes as it is asked for')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x40)
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80)
  const hex = encodeHex(bytes)
  const groups = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)]
  return `urn:uuid:${groups.join('-')}`
}
