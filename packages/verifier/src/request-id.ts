import type { Clock, RandomBytes } from '@behalf/core'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const TIME_CHARACTERS = 10
const RANDOM_BYTES = 16
/** Randomness is fetched for so many ids at once: a call for sixteen bytes costs more than all the rest. */
const IDS_AT_ONCE = 32

/**
 * Makes the function that names requests: each call returns a new ULID, 26 characters that sort by time.
 *
 * @param clock milliseconds since the epoch, the first 48 bits of the name
 * @param random source of the other 80 bits
 * @see the ULID specification, https://github.com/ulid/spec
 */
export function createRequestIds(clock: Clock, random: RandomBytes): () => string {
  let pool = new Uint8Array()
  return () => {
    if (pool.length === 0) pool = new Uint8Array(random(RANDOM_BYTES * IDS_AT_ONCE))
    const bytes = pool.subarray(0, RANDOM_BYTES)
    pool = pool.subarray(RANDOM_BYTES)
    return encodeTime(clock()) + encodeRandom(bytes)
  }
}

function encodeTime(now: number): string {
  let rest = Math.max(0, Math.trunc(now))
  let text = ''
  for (let index = 0; index < TIME_CHARACTERS; index += 1) {
    text = (ALPHABET[rest % 32] ?? '0') + text
    rest = Math.floor(rest / 32)
  }
  return text
}

// Sixteen bytes give five bits each, so that no bit has to be carried over from one byte to the next.
function encodeRandom(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => ALPHABET[byte & 31]).join('')
}
