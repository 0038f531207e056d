import { BehalfError, decodeUtf8, digestSha256 } from '@behalf/core'
import {
  changeStatusList,
  findSuspended,
  type Heartbeat,
  type IssuerKeys,
  type StatusList,
  verifyHeartbeat,
  verifyStatusList,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import { VerifierError } from './error.ts'
import { advanceMark } from './status-mark.ts'
import type { StatusMark, StatusSnapshot } from './status-source.ts'

/** An issuer and where it publishes its heartbeat. */
export interface StatusIssuer {
  readonly did: Did
  /** Address of the heartbeat; the lists it names must be on the same origin. */
  readonly url: string
  /** Where what is signed is sent at once. Default: `stream` beside the heartbeat. */
  readonly streamUrl?: string
}

/** What is held of one issuer after a successful poll. */
export interface HeldStatus {
  readonly snapshot: StatusSnapshot
  readonly lists: ReadonlyMap<string, StatusList>
  readonly mark: StatusMark
}

/** What a poll needs: how to fetch, whose signatures count, and the time. */
export interface PollOptions {
  /** The body of a 200 answer from this very address. */
  readonly fetchBytes: (url: string, kind: 'heartbeat' | 'list') => Promise<Uint8Array>
  readonly issuerKeys: IssuerKeys
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

type ListEntry = Heartbeat['lists'][number]

/** A list and the heartbeat that names it are two answers: a revocation may fall between them. */
const ATTEMPTS = 3
const LISTS_AT_ONCE = 8
const MAX_LISTS = 1024

class ListMovedError extends Error {}

/**
 * The heartbeat and all lists it names, every one signed by the issuer, not older than what was seen, and the
 * lists being those the heartbeat speaks of. Lists already held are not fetched again.
 *
 * @param issuer whom to ask
 * @param known what is held, and the highest numbers seen
 * @throws VerifierError status_rollback, status_invalid; any error of `fetchBytes`
 */
export async function pollIssuer(
  issuer: StatusIssuer,
  known: KnownStatus,
  options: PollOptions,
): Promise<HeldStatus> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await pollOnce(issuer, known, options)
    } catch (error) {
      if (error instanceof ListMovedError && attempt < ATTEMPTS) continue
      throw toStatusError(error)
    }
  }
}

/** What is held of one issuer, and the highest numbers that were seen. */
export interface KnownStatus {
  readonly held: HeldStatus | undefined
  readonly mark: StatusMark | undefined
}

async function pollOnce(issuer: StatusIssuer, known: KnownStatus, options: PollOptions): Promise<HeldStatus> {
  const bytes = await options.fetchBytes(issuer.url, 'heartbeat')
  const jws = decodeUtf8(bytes)
  const { heartbeat, mark } = readHeartbeat(jws, issuer, { ...options, mark: known.mark })
  const lists = new Map<string, StatusList>()
  for (let start = 0; start < heartbeat.lists.length; start += LISTS_AT_ONCE) {
    const entries = heartbeat.lists.slice(start, start + LISTS_AT_ONCE)
    const loaded = await Promise.all(entries.map((entry) => loadList(entry, issuer, known.held, options)))
    for (const list of loaded) lists.set(list.id, list)
  }
  return { snapshot: createSnapshot(heartbeat, lists, jws), lists, mark }
}

/** A heartbeat that was sent unasked, and the lists that came before it. */
export interface PushedStatus {
  /** Compact JWS. */
  readonly heartbeat: string
  /** Compact JWS by digest. */
  readonly lists: ReadonlyMap<string, string>
}

/** What a heartbeat makes of what is known: all that it names is held, or only its numbers are known. */
export type AppliedStatus = { readonly held: HeldStatus } | { readonly announced: StatusMark }

/**
 * What is held after a pushed heartbeat, which is signed and not older than what was seen; every list it names was held,
 * follows from what was held by the changes it tells of, or came before it. If one is missing only what the heartbeat announces is returned.
 *
 * @throws VerifierError status_rollback, status_invalid
 */
export function applyPushedStatus(
  pushed: PushedStatus,
  issuer: StatusIssuer,
  options: KnownStatus & Pick<PollOptions, 'issuerKeys' | 'now'>,
): AppliedStatus {
  try {
    const { heartbeat, mark } = readHeartbeat(pushed.heartbeat, issuer, options)
    const lists = new Map<string, StatusList>()
    for (const entry of heartbeat.lists) {
      const list =
        findHeld(entry, options.held, options.now()) ??
        changeHeld(entry, options.held, options.now()) ??
        readPushedList(entry, pushed, { issuer, ...options })
      if (list === undefined) return { announced: mark }
      lists.set(list.id, list)
    }
    return { held: { snapshot: createSnapshot(heartbeat, lists, pushed.heartbeat), lists, mark } }
  } catch (error) {
    throw toStatusError(error)
  }
}

function readPushedList(
  entry: ListEntry,
  { lists }: PushedStatus,
  options: Pick<PollOptions, 'issuerKeys' | 'now'> & { readonly issuer: StatusIssuer },
): StatusList | undefined {
  const jws = lists.get(entry.digest)
  return jws === undefined ? undefined : readList(jws, entry, options)
}

function readHeartbeat(
  jws: string,
  issuer: StatusIssuer,
  options: Pick<PollOptions, 'issuerKeys' | 'now'> & Pick<KnownStatus, 'mark'>,
): { readonly heartbeat: Heartbeat; readonly mark: StatusMark } {
  const { issuerKeys: issuers, now, mark } = options
  const heartbeat = verifyHeartbeat(jws, { issuer: issuer.did, issuers, now: now() })
  checkAddresses(heartbeat, issuer)
  return { heartbeat, mark: advanceMark(mark, heartbeat) }
}

async function loadList(
  entry: ListEntry,
  issuer: StatusIssuer,
  held: HeldStatus | undefined,
  options: PollOptions,
): Promise<StatusList> {
  const current = findHeld(entry, held, options.now())
  if (current !== undefined) return current
  const jws = decodeUtf8(await options.fetchBytes(entry.id, 'list'))
  if (digestSha256(jws) !== entry.digest)
    throw new ListMovedError('the list is not the one the heartbeat names')
  return readList(jws, entry, { issuer, ...options })
}

function findHeld(entry: ListEntry, held: HeldStatus | undefined, now: number): StatusList | undefined {
  const current = held?.lists.get(entry.id)
  const isSame = current?.version === entry.version && current.digest === entry.digest
  // A list that has ended is fetched again, to be refused like any other that has.
  return isSame && now < current.validUntil ? current : undefined
}

/** What the heartbeat says was changed is as good as the list: the same key signed it. */
function changeHeld(entry: ListEntry, held: HeldStatus | undefined, now: number): StatusList | undefined {
  const current = held?.lists.get(entry.id)
  return current !== undefined && now < current.validUntil ? changeStatusList(current, entry) : undefined
}

function readList(
  jws: string,
  entry: ListEntry,
  { issuer, issuerKeys, now }: Pick<PollOptions, 'issuerKeys' | 'now'> & { readonly issuer: StatusIssuer },
): StatusList {
  const { id } = entry
  const purpose = findSuspended(id) === undefined ? 'revocation' : 'suspension'
  const list = verifyStatusList(jws, { id, issuer: issuer.did, issuers: issuerKeys, purpose, now: now() })
  if (list.version !== entry.version) throw invalid('the list has another version than the heartbeat says')
  return list
}

function checkAddresses(heartbeat: Heartbeat, issuer: StatusIssuer): void {
  const { origin } = new URL(issuer.url)
  if (heartbeat.lists.length > MAX_LISTS) throw invalid(`the heartbeat names more than ${MAX_LISTS} lists`)
  for (const { id } of heartbeat.lists) {
    const url = URL.parse(id)
    if (url?.origin !== origin || url.href !== id)
      throw invalid('a list is not on the origin of its heartbeat')
  }
}

function createSnapshot(
  heartbeat: Heartbeat,
  lists: ReadonlyMap<string, StatusList>,
  jws: string,
): StatusSnapshot {
  const revokedKeys = new Set(heartbeat.revokedKeys)
  const { time, epoch, sequence } = heartbeat
  return Object.freeze({
    lists: (url: string) => lists.get(url),
    isKeyRevoked: (did: Did) => revokedKeys.has(did),
    time,
    epoch,
    sequence,
    heartbeat: jws,
  })
}

/** What was received and refused becomes a status error; what was not received stays what it is. */
function toStatusError(error: unknown): unknown {
  if (error instanceof VerifierError) return error
  if (error instanceof BehalfError || error instanceof ListMovedError)
    return invalid('the status is not valid', error)
  return error
}

function invalid(message: string, cause?: unknown): VerifierError {
  return new VerifierError('status_invalid', message, { cause })
}
