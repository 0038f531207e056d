import type { Clock, MonotonicClock } from '@behalf/core'
import { guardClock, VerifierError } from '@behalf/verifier'
import type { AuthorityLog } from './authority-log.ts'

/** A wall clock that steps, seen by an authority that goes on meanwhile. */
export interface SteadyClock {
  /**
   * What is signed and recorded carries this time. A step of more than 5 s is followed once it lasted 60 s; until then
   * time passes as if there had been none.
   */
  readonly now: Clock
  /**
   * The time by which something is granted.
   *
   * @throws VerifierError `clock_unsynchronized` while a step is not followed yet
   */
  readonly believed: Clock
}

/** What it is made of. */
export interface SteadyClockOptions {
  readonly clock: Clock
  /** Moves as time passes, whatever is done to `clock`. */
  readonly monotonicClock: MonotonicClock
  /** The latest time that was signed before this process began, milliseconds; undefined for none. */
  readonly latestTime: number | undefined
  readonly log: AuthorityLog
}

/**
 * Makes a clock for what an authority signs. Steps are seen, and believed, by the rule of those who verify requests.
 *
 * @see docs/decisions/clock-that-steps.md
 */
export function createSteadyClock(options: SteadyClockOptions): SteadyClock {
  const { monotonicClock, latestTime, log } = options
  const guarded = guardClock(options)
  // The time before a step, as wall clock minus monotonic clock.
  let offset = latestTime === undefined ? undefined : latestTime - monotonicClock()
  let latest = latestTime ?? Number.NEGATIVE_INFINITY
  let isDoubted = false
  const note = (isNowDoubted: boolean, wall: number): void => {
    if (isNowDoubted === isDoubted) return
    isDoubted = isNowDoubted
    const facts = { steppedMilliseconds: Math.round(wall - expected(wall)) }
    if (isDoubted) log.warn(facts, 'the clock stepped: nothing is granted until it ran on for a minute')
    else log.warn(facts, 'the clock is believed again')
  }
  const expected = (wall: number): number => (offset === undefined ? wall : offset + monotonicClock())
  const believed = (): number => {
    const wall = guarded()
    note(false, wall)
    offset = wall - monotonicClock()
    latest = wall
    return wall
  }
  const now = (): number => {
    try {
      believed()
    } catch (error) {
      if (!(error instanceof VerifierError)) throw error
      const wall = options.clock()
      note(true, wall)
      latest = Math.max(latest, expected(wall))
    }
    return latest
  }
  return { now, believed }
}
