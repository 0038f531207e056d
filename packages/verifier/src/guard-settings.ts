import {
  type Clock,
  type MonotonicClock,
  type RandomBytes,
  selectMonotonicClock,
  systemClock,
  systemRandomBytes,
} from '@behalf/core'
import { guardClock } from './clock-guard.ts'
import { type ReportFault, reportFaultToConsole } from './fault.ts'
import { DEFAULT_REQUEST_LIMITS, type RequestLimits } from './incoming-request.ts'
import { type AddressOptions, type Origins, parseOrigins } from './origin.ts'
import { checkPositive } from './positive.ts'
import type { ReplayStore } from './replay-store.ts'
import { createRequestIds } from './request-id.ts'

/** Options that every verifier has, wherever what it verifies comes from. */
export interface ProofGuardOptions {
  readonly replayStore: ReplayStore
  readonly clock?: Clock
  /** Tells a step of `clock` from time that passes. Default: that of the process, or `clock` itself when it is given. */
  readonly monotonicClock?: MonotonicClock
  readonly random?: RandomBytes
  readonly reportFault?: ReportFault
}

/** Options that every verifier of requests has. */
export interface GuardOptions extends ProofGuardOptions, AddressOptions {
  /** Origins this API answers for, exact: `https://host` or `https://host:port`; `http:` for loopback only. */
  readonly origins: readonly string[]
  /** Cap on a body, default 1 MiB. */
  readonly maxBodyBytes?: number
  /** Time for the whole body to arrive, default 10. */
  readonly bodyTimeoutSeconds?: number
  /** Cap on target and header lines together, default 32 KiB. */
  readonly maxHeaderBytes?: number
}

/** The checked options that every verifier works with, wherever what it verifies comes from. */
export interface ProofGuardSettings {
  readonly replayStore: ReplayStore
  /** Throws VerifierError clock_unsynchronized. */
  readonly clock: Clock
  /** Never throws: for ids, records and the Date of answers. */
  readonly wallClock: Clock
  readonly monotonicClock: MonotonicClock
  readonly requestId: () => string
  readonly reportFault: ReportFault
}

/** The checked options that every verifier of requests works with. */
export interface GuardSettings extends ProofGuardSettings {
  readonly origins: Origins
  /** The first of them, named as the realm of refusals. */
  readonly origin: string
  readonly limits: RequestLimits
}

/**
 * Checks the options once.
 *
 * @param confirmedTime see `guardClock`
 * @throws TypeError for an empty or malformed list of origins, or a limit that is not a positive number
 */
export function parseGuardOptions(
  options: GuardOptions,
  confirmedTime?: () => number | undefined,
): GuardSettings {
  return { ...parseProofGuardOptions(options, confirmedTime), ...parseRequestOptions(options) }
}

/** What a verifier of requests has beside what every verifier has. */
export type RequestSettings = Omit<GuardSettings, keyof ProofGuardSettings>

/**
 * Checks where requests come in and how large they may be.
 *
 * @throws TypeError as `parseGuardOptions`
 */
export function parseRequestOptions(options: GuardOptions): RequestSettings {
  const [origin = ''] = options.origins
  return { origins: parseOrigins(options.origins, options), origin, limits: parseLimits(options) }
}

/**
 * Takes the surroundings of a verifier together.
 *
 * @param confirmedTime see `guardClock`
 */
export function parseProofGuardOptions(
  options: ProofGuardOptions,
  confirmedTime?: () => number | undefined,
): ProofGuardSettings {
  const { clock = systemClock, random = systemRandomBytes } = options
  const monotonicClock = selectMonotonicClock(options)
  return {
    replayStore: options.replayStore,
    clock: guardClock({
      clock,
      monotonicClock,
      latestTime: options.replayStore.latestTime,
      ...(confirmedTime === undefined ? {} : { confirmedTime }),
    }),
    wallClock: clock,
    monotonicClock,
    requestId: createRequestIds(clock, random),
    reportFault: options.reportFault ?? reportFaultToConsole,
  }
}

function parseLimits(options: GuardOptions): RequestLimits {
  const limits = {
    ...DEFAULT_REQUEST_LIMITS,
    maxBytes: options.maxBodyBytes ?? DEFAULT_REQUEST_LIMITS.maxBytes,
    timeoutSeconds: options.bodyTimeoutSeconds ?? DEFAULT_REQUEST_LIMITS.timeoutSeconds,
    maxHeaderBytes: options.maxHeaderBytes ?? DEFAULT_REQUEST_LIMITS.maxHeaderBytes,
  }
  checkPositive({ ...limits })
  return limits
}
