/** Returns the time in milliseconds since the epoch. */
export type Clock = () => number

/** Returns milliseconds since some moment; it never goes back, and nobody can set it. */
export type MonotonicClock = () => number

/** The wall clock of this machine: the documented default of factories that take a {@link Clock}. */
export const systemClock: Clock = () => Date.now()

/** The time since this process began: the default of factories that take a {@link MonotonicClock}. */
export const systemMonotonicClock: MonotonicClock = () => performance.now()

/**
 * The monotonic clock that goes with a wall clock: the one of this process with the wall clock of this machine. A
 * clock of somebody's own has only itself to be compared with, so that its jumps forward are taken for time that
 * passed, unless a monotonic clock is given with it.
 *
 * @param options as a factory got them
 */
export function selectMonotonicClock(options: {
  readonly clock?: Clock
  readonly monotonicClock?: MonotonicClock
}): MonotonicClock {
  return options.monotonicClock ?? options.clock ?? systemMonotonicClock
}
