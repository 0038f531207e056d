import {
  type Clock,
  type MonotonicClock,
  type RandomBytes,
  type Signer,
  selectMonotonicClock,
  systemClock,
  systemRandomBytes,
} from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { createConditionalFetch, type Fetch } from './capped-fetch.ts'
import { createConfirmer } from './confirm-status.ts'
import { VerifierError } from './error.ts'
import { type ReportFault, reportFaultToConsole } from './fault.ts'
import { type FollowedStream, followStream } from './follow-stream.ts'
import { createTrustedIssuers } from './issuer-keys.ts'
import { createIssuerStatus, type IssuerStatus } from './issuer-status.ts'
import { type AddressOptions, parseSecureUrl } from './origin.ts'
import type { StatusIssuer } from './poll-issuer.ts'
import { createPoller } from './poller.ts'
import { checkPositive } from './positive.ts'
import type { StatusSource, StatusState } from './status-source.ts'
import { type SetTimer, systemTimer } from './timer.ts'

/** Options of `createStatusSource`. */
export interface StatusSourceOptions extends AddressOptions {
  /** Whom to ask, at least one. */
  readonly issuers: readonly StatusIssuer[]
  /**
   * Whether to be told at once of what was revoked, by the stream of each issuer. It is asked as without one whenever
   * the stream is down or silent. Default false.
   */
  readonly stream?: boolean
  /**
   * Of the key that an operator registered with `behalf api add`: with `stream`, whoever revokes waits for this API, and
   * is told by name whether it knows. Without it the API is any reader of the stream, for whom nobody waits.
   */
  readonly signer?: Signer
  /** Where the keys of issuers come from; without it every issuer must be a `did:key`. */
  readonly issuerKeys?: IssuerKeys
  readonly fetch?: Fetch
  readonly clock?: Clock
  /** Ages what is held, whatever is done to `clock`. Default: that of the process, or `clock` itself when it is given. */
  readonly monotonicClock?: MonotonicClock
  readonly setTimer?: SetTimer
  /** Spreads those who open a stream again. */
  readonly random?: RandomBytes
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
  onChange(listener: (issuer: Did) => void): () => void
}

type Settings = Required<
  Omit<StatusSourceOptions, 'issuers' | 'issuerKeys' | 'state' | 'signer' | keyof AddressOptions>
> &
  Pick<StatusSourceOptions, 'state' | 'signer'>

const MAX_HEARTBEAT_BYTES = 1_048_576
const MAX_LIST_BYTES = 2_097_152
/** Two heartbeats of an authority that was told nothing else: a stream that is silent for longer is broken. */
const QUIET_SECONDS = 20

/**
 * Makes a status source that polls the heartbeat of each issuer. It begins with the first call of `ready` or `read`.
 * With `stream` it is also told of each heartbeat and list as soon as they are signed, and polls only when that fails.
 *
 * A heartbeat counts when it is signed, not older than any seen before and every list it names is held; its age is
 * that of its signed time, never that of a connection. One that names a list which did not come makes `read` throw
 * until the list was fetched. Until a fresh one is held, `read` throws. It keeps the process alive until it is closed.
 *
 * @throws TypeError for an empty list, an issuer without a key source, an address that is not on https, a time that is
 * not a positive number
 * @see Bitstring Status List v1.0
 * @example
 * const statusSource = createStatusSource({
 *   issuers: [{ did: issuer, url: 'https://authority.example/status/heartbeat' }],
 *   stream: true,
 * })
 */
export function createStatusSource(options: StatusSourceOptions): PollingStatusSource {
  const trusted = createTrustedIssuers(
    options.issuers.map(({ did }) => did),
    options.issuerKeys,
  )
  for (const { url, streamUrl } of options.issuers) {
    parseSecureUrl(url, options)
    if (streamUrl !== undefined) parseSecureUrl(streamUrl, options)
  }
  const settings = withDefaults(options)
  const { pollSeconds, maxStalenessSeconds, timeoutSeconds } = settings
  checkPositive({ pollSeconds, maxStalenessSeconds, timeoutSeconds })
  const listeners = new Set<(issuer: Did) => void>()
  const statuses = createStatuses(options.issuers, { settings, issuerKeys: trusted.keys, listeners })
  const all = [...statuses.values()]
  const isHeld = (): boolean => all.every((status) => status.isHeld())
  let streams: readonly FollowedStream[] = []
  const poller = createPoller(
    async () => {
      await Promise.all(all.map((status) => status.poll()))
      return isHeld()
    },
    {
      setTimer: settings.setTimer,
      pollSeconds,
      isDue: () =>
        streams.length === 0 ||
        streams.some((stream) => !stream.isOpen()) ||
        all.some((status) => status.isOlderThan((maxStalenessSeconds * 1000) / 2)),
      onFirst: () => {
        if (settings.stream) streams = all.map((status) => follow(status, settings, onReceived))
      },
    },
  )
  const onReceived = (isComplete: boolean): void => {
    if (!isComplete) void poller.poll()
    else if (isHeld()) poller.succeed()
  }
  return {
    read: (issuer) => {
      poller.start()
      const status = statuses.get(issuer)
      if (status !== undefined) return status.read()
      throw new VerifierError('status_unavailable', 'no status was obtained from the issuer')
    },
    heldTime: (issuer) => statuses.get(issuer)?.heldTime(),
    isIssuerKeyRevoked: (kid) => all.some((status) => status.isIssuerKeyRevoked(kid)),
    ready: () => {
      poller.start()
      return poller.ready
    },
    poll: () => poller.poll(),
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    close: () => {
      poller.close()
      for (const stream of streams) stream.close()
    },
  }
}

function withDefaults(options: StatusSourceOptions): Settings {
  return {
    stream: options.stream ?? false,
    fetch: options.fetch ?? ((url, init) => fetch(url, init)),
    clock: options.clock ?? systemClock,
    monotonicClock: selectMonotonicClock(options),
    setTimer: options.setTimer ?? systemTimer,
    random: options.random ?? systemRandomBytes,
    pollSeconds: options.pollSeconds ?? 5,
    maxStalenessSeconds: options.maxStalenessSeconds ?? 30,
    timeoutSeconds: options.timeoutSeconds ?? 4,
    reportFault: options.reportFault ?? reportFaultToConsole,
    ...(options.state === undefined ? {} : { state: options.state }),
    ...(options.signer === undefined ? {} : { signer: options.signer }),
  }
}

function createStatuses(
  issuers: readonly StatusIssuer[],
  parts: {
    readonly settings: Settings
    readonly issuerKeys: IssuerKeys
    readonly listeners: ReadonlySet<(issuer: Did) => void>
  },
): ReadonlyMap<Did, IssuerStatus> {
  const { settings, issuerKeys, listeners } = parts
  const maxBytes = { heartbeat: MAX_HEARTBEAT_BYTES, list: MAX_LIST_BYTES }
  return new Map(
    issuers.map((issuer) => {
      const fetchBytes = createConditionalFetch({ ...settings, maxBytes })
      const onChange = (): void => {
        for (const listener of listeners) listener(issuer.did)
      }
      return [issuer.did, createIssuerStatus(issuer, { ...settings, fetchBytes, issuerKeys, onChange })]
    }),
  )
}

/** Follows the stream of an issuer; tells after each event whether all that the issuer spoke of is held. */
function follow(
  status: IssuerStatus,
  settings: Settings,
  onReceived: (isComplete: boolean) => void,
): FollowedStream {
  const { url, streamUrl = new URL('stream', url).href } = status.issuer
  const confirm = createConfirmer(status, settings)
  return followStream({
    ...settings,
    url: streamUrl,
    quietSeconds: Math.min(QUIET_SECONDS, settings.maxStalenessSeconds),
    maxEventLength: MAX_LIST_BYTES,
    randomFraction: () => (settings.random(1)[0] ?? 0) / 256,
    onEvent: (event) => {
      try {
        onReceived(status.receive(event))
        confirm(event)
      } catch (error) {
        // Somebody else may be speaking: what is true is asked for, and this stream is heard no more.
        onReceived(false)
        throw error
      }
    },
  })
}
