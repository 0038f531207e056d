import type { Clock, MonotonicClock } from '@behalf/core'
import { VerifierError } from './error.ts'

/** How far a clock may step, in either direction, before nothing that depends on time can be told any more. */
export const CLOCK_STEP_TOLERANCE_SECONDS = 5
/** How long a clock must have run on without a step until it is believed, where nobody else can confirm it. */
export const CLOCK_SETTLING_SECONDS = 60

/** What tells whether a wall clock can be believed. */
export interface ClockGuardOptions {
  readonly clock: Clock
  /** Moves as time passes, whatever is done to `clock`. */
  readonly monotonicClock: MonotonicClock
  /** The latest time that was told before this process began, milliseconds; undefined when nothing is known of it. */
  readonly latestTime?: number | undefined
  /**
   * The latest time that somebody trusted signed and that agrees with `clock`, in milliseconds; undefined when there
   * is none. Without this function a clock is believed again when it ran on for 60 seconds.
   */
  readonly confirmedTime?: () => number | undefined
}

/** What the next reading is compared with. */
interface Reading {
  /** Wall clock minus monotonic clock: it changes with a step, and by little with drift. */
  readonly offset: number
  readonly monotonic: number
  /** The latest time that was told. */
  readonly latest: number
}

/** A step that was seen and that nothing has explained yet. */
interface Step {
  readonly monotonic: number
  /** What was confirmed when it was seen: only what is confirmed later counts. */
  readonly confirmed: number
}

const TOLERANCE_MS = CLOCK_STEP_TOLERANCE_SECONDS * 1000
const SETTLING_MS = CLOCK_SETTLING_SECONDS * 1000
/** How fast the two clocks may drift apart: far more than crystals do, and far less than a step. */
const DRIFT = 0.001

/**
 * Makes a clock that is not believed once it stepped by more than 5 seconds against the monotonic clock, or behind the
 * latest time it ever told. It is believed again when a time signed after the step agrees with it. While it is in
 * doubt nothing it tells is remembered, so that a wrong time leaves no trace.
 *
 * @returns a clock that throws VerifierError clock_unsynchronized
 */
export function guardClock(options: ClockGuardOptions): Clock {
  const { clock, monotonicClock, latestTime = Number.NEGATIVE_INFINITY } = options
  let last: Reading | undefined
  let step: Step | undefined
  return () => {
    const wall = clock()
    const monotonic = monotonicClock()
    const known = last ?? { offset: wall - monotonic, monotonic, latest: latestTime }
    const isStep = !agrees(known, wall, monotonic)
    last = isStep ? { offset: wall - monotonic, monotonic, latest: wall } : follow(known, wall, monotonic)
    if (isStep) step = { monotonic, confirmed: readConfirmed(options) }
    else if (step !== undefined && isExplained(step, monotonic, options)) step = undefined
    if (step === undefined) return wall
    throw new VerifierError('clock_unsynchronized', 'the clock of this machine went back or jumped', {
      fault: true,
    })
  }
}

/** Written so that NaN does not agree with anything. */
function agrees({ offset, monotonic: since, latest }: Reading, wall: number, monotonic: number): boolean {
  const drift = DRIFT * Math.max(0, monotonic - since)
  return Math.abs(wall - monotonic - offset) <= TOLERANCE_MS + drift && wall >= latest - TOLERANCE_MS
}

/** Small steps are kept in mind, so that many of them are seen as what they are; drift is not held against a clock. */
function follow({ offset, monotonic: since, latest }: Reading, wall: number, monotonic: number): Reading {
  const drift = DRIFT * Math.max(0, monotonic - since)
  const change = Math.min(drift, Math.max(-drift, wall - monotonic - offset))
  return { offset: offset + change, monotonic, latest: Math.max(latest, wall) }
}

function isExplained(step: Step, monotonic: number, options: ClockGuardOptions): boolean {
  if (options.confirmedTime === undefined) return monotonic - step.monotonic >= SETTLING_MS
  return readConfirmed(options) > step.confirmed
}

function readConfirmed({ confirmedTime }: ClockGuardOptions): number {
  return confirmedTime?.() ?? Number.NEGATIVE_INFINITY
}
