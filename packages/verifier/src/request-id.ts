import type { Clock, RandomBytes } from '@behalf/core'

const ALPHABET: readonly number[] = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ', (character) =>
  character.charCodeAt(0),
)
const ZERO = 0x30
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
  let used = 0
  return () => {
    if (used >= pool.length) {
      pool = new Uint8Array(random(RANDOM_BYTES * IDS_AT_ONCE))
      used = 0
    }
    const codes: number[] = []
    writeTime(codes, clock())
    writeRandom(codes, pool.subarray(used, used + RANDOM_BYTES))
    used += RANDOM_BYTES
    return String.fromCharCode(...codes)
  }
}

function writeTime(codes: number[], now: number): void {
  let rest = Math.max(0, Math.trunc(now))
  for (let index = TIME_CHARACTERS - 1; index >= 0; index -= 1) {
    codes[index] = ALPHABET[rest % 32] ?? ZERO
    rest = Math.floor(rest / 32)
  }
}

// Sixteen bytes give five bits each, so that no bit has to be carried over from one byte to the next.
function writeRandom(codes: number[], bytes: Uint8Array): void {
  for (let index = 0; index < RANDOM_BYTES; index += 1) {
    codes[TIME_CHARACTERS + index] = ALPHABET[(bytes[index] ?? 0) & 31] ?? ZERO
  }
}
