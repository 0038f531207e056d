import type { RandomBytes } from '@behalf/core'

/** For how long a notice is tried again: 72 hours. */
export const GIVE_UP_AFTER_MS: number = 72 * 3600 * 1000

const FIRST_MS = 5000
const GREATEST_MS = 4 * 3600 * 1000
const FACTOR = 3

/**
 * Returns how long a target is left alone after this many failures in a row: 5 s, three times as long at each further
 * one, at most 4 hours, and up to a quarter more or less, so that targets that fail together do not come back together.
 *
 * @param failures - at least 1
 * @returns milliseconds
 */
export function retryDelay(failures: number, random: RandomBytes): number {
  const [byte = 0] = random(1)
  const steady = Math.min(FIRST_MS * FACTOR ** (failures - 1), GREATEST_MS)
  return Math.round(steady * (0.75 + (0.5 * byte) / 255))
}
