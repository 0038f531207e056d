import type { Clock } from '@behalf/core'
import { VerifierError } from './error.ts'

/** How far a clock may step back before nothing that depends on time can be told any more. */
export const CLOCK_STEP_TOLERANCE_SECONDS = 5

/**
 * Makes a clock that refuses to be believed once it went back by more than 5 seconds, until it has caught up with
 * the latest time it ever told. What expired and was forgotten meanwhile could otherwise be accepted again.
 *
 * @param clock milliseconds since the epoch
 * @returns a clock that throws VerifierError clock_unsynchronized
 */
export function guardClock(clock: Clock): Clock {
  let latest = Number.NEGATIVE_INFINITY
  return () => {
    const now = clock()
    // Written so that NaN is refused as well.
    if (!(now >= latest - CLOCK_STEP_TOLERANCE_SECONDS * 1000)) {
      throw new VerifierError('clock_unsynchronized', 'the clock of this machine went back', { fault: true })
    }
    latest = Math.max(latest, now)
    return now
  }
}
