import { digestSha256 } from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import { VerifierError } from './error.ts'
import type { ServerSentEvent } from './follow-stream.ts'
import {
  applyPushedStatus,
  type HeldStatus,
  type PollOptions,
  pollIssuer,
  type StatusIssuer,
} from './poll-issuer.ts'
import { isBefore } from './status-mark.ts'
import type { StatusMark, StatusSnapshot, StatusState } from './status-source.ts'

/** What is known of one issuer. */
export interface IssuerStatus {
  readonly issuer: StatusIssuer
  /** Asks now; failures show in `read`. */
  poll(): Promise<void>
  /**
   * Takes what the stream of the issuer sent.
   *
   * @returns false when the heartbeat speaks of a list that did not come: nothing is believed until `poll` succeeded
   * @throws VerifierError when it is not what the issuer signed, or older than what was seen
   */
  receive(event: ServerSentEvent): boolean
  /** @throws VerifierError as `StatusSource` says */
  read(): StatusSnapshot
  /** Whether the issuer ever said that this key of its own is revoked. */
  isIssuerKeyRevoked(kid: string): boolean
  /** The number of the heartbeat that is held; undefined while a list of a later one is missing. */
  heldSequence(): number | undefined
  /** The signed time of what is held, in milliseconds. */
  heldTime(): number | undefined
  /** Whether something was ever held. */
  isHeld(): boolean
  /** Whether what is held is missing something, or its signed time is older than this. */
  isOlderThan(milliseconds: number): boolean
}

/** What the status of an issuer is kept with. */
export interface IssuerStatusOptions {
  readonly fetchBytes: PollOptions['fetchBytes']
  readonly issuerKeys: IssuerKeys
  readonly clock: () => number
  readonly monotonicClock: () => number
  readonly maxStalenessSeconds: number
  readonly state?: StatusState
  readonly reportFault: (fault: VerifierError) => void
  readonly onChange: () => void
}

interface State {
  held: HeldStatus | undefined
  /** When it came, on the monotonic clock. */
  heldSince: number
  mark: StatusMark | undefined
  /** Of the latest heartbeat of which a list is missing. */
  announced: StatusMark | undefined
  /** Why the last answer was refused; undefined when it was accepted or none came. */
  refusal: VerifierError | undefined
  failing: boolean
  /** Lists that came on the stream since the last heartbeat, by digest. */
  readonly pushed: Map<string, string>
  pushedLength: number
}

/** How far a signed time may lie ahead of the clock; a clock that went back makes old heartbeats look younger. */
const AHEAD_TOLERANCE_MS = 5000
/** More than any one batch of lists has; beyond it they are asked for. */
const MAX_PUSHED_LENGTH = 16_777_216

/** The status of an issuer of which nothing is held yet but the mark of an earlier run. */
export function createIssuerStatus(issuer: StatusIssuer, options: IssuerStatusOptions): IssuerStatus {
  const state: State = {
    held: undefined,
    heldSince: 0,
    mark: options.state?.load(issuer.did),
    announced: undefined,
    refusal: undefined,
    failing: false,
    pushed: new Map(),
    pushedLength: 0,
  }
  const status: IssuerStatus = {
    issuer,
    poll: () => poll(issuer, state, options),
    receive: (event) => receive(event, { issuer, state, options }),
    read: () => read(state, options),
    isIssuerKeyRevoked: (kid) =>
      [state.mark, state.announced].some((mark) => mark?.revokedIssuerKeys?.includes(kid) === true),
    heldSequence: () => (isBehind(state) ? undefined : state.held?.snapshot.sequence),
    heldTime: () => state.held?.snapshot.time,
    isHeld: () => state.held !== undefined,
    isOlderThan: (milliseconds) =>
      state.held === undefined ||
      isBehind(state) ||
      options.clock() - state.held.snapshot.time > milliseconds,
  }
  return status
}

async function poll(issuer: StatusIssuer, state: State, options: IssuerStatusOptions): Promise<void> {
  const { fetchBytes, issuerKeys, clock: now } = options
  try {
    const held = await pollIssuer(issuer, state, { fetchBytes, issuerKeys, now })
    // What was pushed while this was on its way is newer.
    if (state.mark === undefined || !isBefore(held.mark, state.mark)) hold(held, { issuer, state, options })
  } catch (error) {
    state.refusal = error instanceof VerifierError ? error : undefined
    if (!state.failing) options.reportFault(state.refusal ?? unavailable(error))
    state.failing = true
  }
}

interface Parts {
  readonly issuer: StatusIssuer
  readonly state: State
  readonly options: IssuerStatusOptions
}

function receive({ type, data }: ServerSentEvent, parts: Parts): boolean {
  const { issuer, state, options } = parts
  if (type === 'list') addPushed(state, data)
  if (type !== 'heartbeat') return true
  const lists = new Map(state.pushed)
  forgetPushed(state)
  const { held, mark } = state
  const known = { held, mark, issuerKeys: options.issuerKeys, now: options.clock }
  const applied = applyPushedStatus({ heartbeat: data, lists }, issuer, known)
  if ('announced' in applied) {
    state.announced = applied.announced
    options.onChange()
    return false
  }
  hold(applied.held, parts)
  return true
}

function addPushed(state: State, list: string): void {
  if (state.pushedLength + list.length > MAX_PUSHED_LENGTH) forgetPushed(state)
  state.pushed.set(digestSha256(list), list)
  state.pushedLength += list.length
}

function forgetPushed(state: State): void {
  state.pushed.clear()
  state.pushedLength = 0
}

function hold(held: HeldStatus, { issuer, state, options }: Parts): void {
  const isNew = state.held === undefined || isBefore(state.held.mark, held.mark)
  // Kept before it is believed, so that no restart can fall behind what was acted upon.
  if (isNew) options.state?.save(issuer.did, held.mark)
  // The same again is not younger for it.
  const heldSince = isNew ? options.monotonicClock() : state.heldSince
  Object.assign(state, { held, heldSince, mark: held.mark, refusal: undefined, failing: false })
  if (!isBehind(state)) state.announced = undefined
  if (isNew) options.onChange()
}

function isBehind({ held, announced }: State): boolean {
  return announced !== undefined && (held === undefined || isBefore(held.mark, announced))
}

function read(state: State, options: IssuerStatusOptions): StatusSnapshot {
  if (state.held === undefined) throw state.refusal ?? unavailable()
  if (isBehind(state)) {
    throw state.refusal ?? new VerifierError('status_stale', 'a newer status was announced than is held')
  }
  if (isFresh(state.held, state.heldSince, options)) return state.held.snapshot
  throw (
    state.refusal ??
    new VerifierError('status_stale', `no heartbeat within ${options.maxStalenessSeconds} seconds`)
  )
}

/** By its signed time, and by the time it has been here: the clock may have been set back meanwhile. */
function isFresh({ snapshot }: HeldStatus, heldSince: number, options: IssuerStatusOptions): boolean {
  const maxAge = options.maxStalenessSeconds * 1000
  const age = options.clock() - snapshot.time
  return age <= maxAge && age >= -AHEAD_TOLERANCE_MS && options.monotonicClock() - heldSince <= maxAge
}

function unavailable(cause?: unknown): VerifierError {
  return new VerifierError('status_unavailable', 'no status was obtained from the issuer', { cause })
}
