import { encodeHex, sha256 } from '@behalf/core'
import { type Did, decodeDidKey } from '@behalf/did'

const BYTES = 16
const GROUP = /.{4}/gu

/**
 * Returns what people compare to know an agent's key again: the first 128 bits of the SHA-256 of its 32 bytes, as
 * eight groups of four hexadecimal digits.
 * @param agent the `did:key` of an Ed25519 key
 * @throws DidError when it is not one
 */
export function fingerprintAgent(agent: Did): string {
  const digits = encodeHex(sha256(decodeDidKey(agent)).subarray(0, BYTES))
  return digits.match(GROUP)?.join(' ') ?? ''
}
