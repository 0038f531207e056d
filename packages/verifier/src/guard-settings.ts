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

/** Options that every verifier has. */
export interface GuardOptions extends AddressOptions {
  /** Origins this API answers for, exact: `https://host` or `https://host:port`; `http:` for loopback only. */
  readonly origins: readonly string[]
  readonly replayStore: ReplayStore
  readonly clock?: Clock
  /** Tells a step of `clock` from time that passes. Default: that of the process, or `clock` itself when it is given. */
  readonly monotonicClock?: MonotonicClock
  readonly random?: RandomBytes
  /** Cap on a body, default 1 MiB. */
  readonly maxBodyBytes?: number
  /** Time for the whole body to arrive, default 10. */
  readonly bodyTimeoutSeconds?: number
  /** Cap on target and header lines together, default 32 KiB. */
  readonly maxHeaderBytes?: number
  readonly reportFault?: ReportFault
}

/** The checked options that every verifier works with. */
export interface GuardSettings {
  readonly origins: Origins
  /** The first of them, named as the realm of refusals. */
  readonly origin: string
  readonly replayStore: ReplayStore
  /** Throws VerifierError clock_unsynchronized. */
  readonly clock: Clock
  /** Never throws: for ids, records and the Date of answers. */
  readonly wallClock: Clock
  readonly monotonicClock: MonotonicClock
  readonly limits: RequestLimits
  readonly requestId: () => string
  readonly reportFault: ReportFault
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
  const { clock = systemClock, random = systemRandomBytes } = options
  const [origin = ''] = options.origins
  const monotonicClock = selectMonotonicClock(options)
  return {
    origins: parseOrigins(options.origins, options),
    origin,
    replayStore: options.replayStore,
    clock: guardClock({
      clock,
      monotonicClock,
      latestTime: options.replayStore.latestTime,
      ...(confirmedTime === undefined ? {} : { confirmedTime }),
    }),
    wallClock: clock,
    monotonicClock,
    limits: parseLimits(options),
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
