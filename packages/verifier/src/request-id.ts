import type { Clock, RandomBytes } from '@behalf/core'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
/** The two characters of every ten bits: an id is put together from thirteen of these. */
const PAIRS: readonly string[] = Array.from(ALPHABET, (first) =>
  Array.from(ALPHABET, (second) => first + second),
).flat()
const TIME_PAIRS = 5
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
  let used = 0
  return () => {
    if (used >= pool.length) {
      pool = new Uint8Array(random(RANDOM_BYTES * IDS_AT_ONCE))
      used = 0
    }
    used += RANDOM_BYTES
    return encodeTime(clock()) + encodeRandom(pool, used - RANDOM_BYTES)
  }
}

function encodeTime(now: number): string {
  let rest = Math.max(0, Math.trunc(now))
  let text = ''
  for (let index = 0; index < TIME_PAIRS; index += 1) {
    text = (PAIRS[rest % 1024] ?? '00') + text
    rest = Math.floor(rest / 1024)
  }
  return text
}

// Sixteen bytes give five bits each, so that no bit has to be carried over from one byte to the next.
function encodeRandom(pool: Uint8Array, start: number): string {
  let text = ''
  for (let index = start; index < start + RANDOM_BYTES; index += 2) {
    const bits = (((pool[index] ?? 0) & 31) << 5) | ((pool[index + 1] ?? 0) & 31)
    text += PAIRS[bits] ?? ''
  }
  return text
}
