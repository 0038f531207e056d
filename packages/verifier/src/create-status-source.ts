import { type Clock, type MonotonicClock, selectMonotonicClock, systemClock } from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import { type Fetch, fetchCapped } from './capped-fetch.ts'
import { VerifierError } from './error.ts'
import { type ReportFault, reportFaultToConsole } from './fault.ts'
import { createTrustedIssuers } from './issuer-keys.ts'
import { type AddressOptions, parseSecureUrl } from './origin.ts'
import { type HeldStatus, type PollOptions, pollIssuer, type StatusIssuer } from './poll-issuer.ts'
import { createPoller } from './poller.ts'
import { checkPositive } from './positive.ts'
import type { StatusMark, StatusSource, StatusState } from './status-source.ts'
import { type SetTimer, systemTimer } from './timer.ts'

/** Options of `createStatusSource`. */
export interface StatusSourceOptions extends AddressOptions {
  /** Whom to ask, at least one. */
  readonly issuers: readonly StatusIssuer[]
  /** Where the keys of issuers come from; without it every issuer must be a `did:key`. */
  readonly issuerKeys?: IssuerKeys
  readonly fetch?: Fetch
  readonly clock?: Clock
  /** Ages what is held, whatever is done to `clock`. Default: that of the process, or `clock` itself when it is given. */
  readonly monotonicClock?: MonotonicClock
  readonly setTimer?: SetTimer
  /** Pause between two polls, default 5. */
  readonly pollSeconds?: number
  /** Age of the signed time above which nothing is accepted, default 30. */
  readonly maxStalenessSeconds?: number
  /** Time for one answer, default 4. */
  readonly timeoutSeconds?: number
  /** Keeps the highest numbers seen across restarts. */
  readonly state?: StatusState
  readonly reportFault?: ReportFault
}

/** A `StatusSource` that asks its issuers again and again. */
export interface PollingStatusSource extends StatusSource {
  /** Asks every issuer now. Resolves when all have answered or failed; failures show in `read`. */
  poll(): Promise<void>
}

interface IssuerState {
  readonly issuer: StatusIssuer
  held: HeldStatus | undefined
  /** When it came, on the monotonic clock. */
  heldSince: number
  mark: StatusMark | undefined
  /** Why the last answer was refused; undefined when it was accepted or none came. */
  refusal: VerifierError | undefined
  failing: boolean
}

type Settings = Required<
  Omit<StatusSourceOptions, 'issuers' | 'issuerKeys' | 'state' | keyof AddressOptions>
> &
  Pick<StatusSourceOptions, 'state'>

const MAX_HEARTBEAT_BYTES = 1_048_576
const MAX_LIST_BYTES = 2_097_152
/** How far a signed time may lie ahead of the clock; a clock that went back makes old heartbeats look younger. */
const AHEAD_TOLERANCE_MS = 5000

/**
 * Makes a status source that polls the heartbeat of each issuer. It begins with the first call of `ready` or `read`.
 *
 * A heartbeat counts when it is signed, not older than any seen before and every list it names is held; its age is
 * that of its signed time. Until a fresh one is held, `read` throws. It keeps the process alive until it is closed.
 *
 * @throws TypeError for an empty list, an issuer without a key source, an address that is not on https, a time that is
 * not a positive number
 * @see Bitstring Status List v1.0
 */
export function createStatusSource(options: StatusSourceOptions): PollingStatusSource {
  const trusted = createTrustedIssuers(
    options.issuers.map(({ did }) => did),
    options.issuerKeys,
  )
  for (const { url } of options.issuers) parseSecureUrl(url, options)
  const settings = withDefaults(options)
  const { pollSeconds, maxStalenessSeconds, timeoutSeconds } = settings
  checkPositive({ pollSeconds, maxStalenessSeconds, timeoutSeconds })
  const states = new Map(options.issuers.map((issuer) => [issuer.did, loadState(issuer, settings)]))
  const pollOptions = createPollOptions(settings, trusted.keys)
  const poller = createPoller(async () => {
    await Promise.all([...states.values()].map((state) => pollState(state, pollOptions, settings)))
    return [...states.values()].every(({ held }) => held !== undefined)
  }, settings)
  return {
    read: (issuer) => {
      poller.start()
      return readState(states.get(issuer), settings).snapshot
    },
    ready: () => {
      poller.start()
      return poller.ready
    },
    poll: () => poller.poll(),
    close: () => poller.close(),
  }
}

function withDefaults(options: StatusSourceOptions): Settings {
  return {
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    clock: options.clock ?? systemClock,
    monotonicClock: selectMonotonicClock(options),
    setTimer: options.setTimer ?? systemTimer,
    pollSeconds: options.pollSeconds ?? 5,
    maxStalenessSeconds: options.maxStalenessSeconds ?? 30,
    timeoutSeconds: options.timeoutSeconds ?? 4,
    reportFault: options.reportFault ?? reportFaultToConsole,
    ...(options.state === undefined ? {} : { state: options.state }),
  }
}

function loadState(issuer: StatusIssuer, { state }: Settings): IssuerState {
  return {
    issuer,
    held: undefined,
    heldSince: 0,
    mark: state?.load(issuer.did),
    refusal: undefined,
    failing: false,
  }
}

function createPollOptions(settings: Settings, issuerKeys: IssuerKeys): PollOptions {
  const { fetch, timeoutSeconds, setTimer, clock } = settings
  const caps = { heartbeat: MAX_HEARTBEAT_BYTES, list: MAX_LIST_BYTES }
  return {
    fetchBytes: (url, kind) => fetchCapped(url, { fetch, timeoutSeconds, setTimer, maxBytes: caps[kind] }),
    issuerKeys,
    now: clock,
  }
}

async function pollState(state: IssuerState, options: PollOptions, settings: Settings): Promise<void> {
  try {
    const held = await pollIssuer(state.issuer, state, options)
    // Kept before it is believed, so that no restart can fall behind what was acted upon.
    settings.state?.save(state.issuer.did, held.mark)
    const heldSince = settings.monotonicClock()
    Object.assign(state, { held, heldSince, mark: held.mark, refusal: undefined, failing: false })
  } catch (error) {
    state.refusal = error instanceof VerifierError ? error : undefined
    if (!state.failing) settings.reportFault(state.refusal ?? unavailable(error))
    state.failing = true
  }
}

function readState(state: IssuerState | undefined, settings: Settings): HeldStatus {
  if (state?.held === undefined) throw state?.refusal ?? unavailable()
  if (isFresh(state.held, state.heldSince, settings)) return state.held
  throw (
    state.refusal ??
    new VerifierError('status_stale', `no heartbeat within ${settings.maxStalenessSeconds} seconds`)
  )
}

/** By its signed time, and by the time it has been here: the clock may have been set back meanwhile. */
function isFresh({ snapshot }: HeldStatus, heldSince: number, settings: Settings): boolean {
  const maxAge = settings.maxStalenessSeconds * 1000
  const age = settings.clock() - snapshot.time
  return age <= maxAge && age >= -AHEAD_TOLERANCE_MS && settings.monotonicClock() - heldSince <= maxAge
}

function unavailable(cause?: unknown): VerifierError {
  return new VerifierError('status_unavailable', 'no status was obtained from the issuer', { cause })
}
