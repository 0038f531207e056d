import type { AuditRecord } from '@behalf/audit-log'
import { BehalfError, digestSha256 } from '@behalf/core'
import {
  CredentialError,
  checkDelegationStatus,
  type Delegation,
  findSuspended,
  type Heartbeat,
  type IssuerKeys,
  type StatusList,
  suspensionListUrl,
  verifyHeartbeat,
  verifyStatusList,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import { contradict } from './contradict.ts'
import { isAccepted } from './record-members.ts'

/** Compact JWS by their digests. */
export type StatusLists = ReadonlyMap<string, string>

/** The delegations whose status is asked for, and whose word on it counts. */
export interface StatusSubject {
  readonly root: { readonly issuer: Did }
  /** Root first. */
  readonly links: readonly Pick<Delegation, 'id' | 'subject' | 'issuer' | 'parent' | 'status'>[]
}

/** What the authority had said of a chain when a request was decided. */
export interface StatusThen {
  /** The signed time, in milliseconds since the epoch, and number of the heartbeat. */
  readonly time: number
  readonly sequence: number
  /** What was not in force any more, as it is named; undefined when all of it was. */
  readonly revoked: string | undefined
}

/** A heartbeat is at most this much ahead of the clock of the API, and its record a moment later. */
const TOLERANCE_MS = 5000
/** Proofs of the past are looked at by their own time. */
const ANY_TIME = Number.MAX_SAFE_INTEGER
/** What a request is refused with when something in its chain is not in force. */
const STOPPED: ReadonlySet<unknown> = new Set(['credential_revoked', 'credential_suspended', 'key_revoked'])

/** Returns the lists by their digests. */
export function toStatusLists(lists: readonly string[]): StatusLists {
  return new Map(lists.map((jws) => [digestSha256(jws), jws]))
}

/**
 * The heartbeat is the authority's own, of before the decision, and the decision is the one that follows from it.
 *
 * @param about.isOnlyWord - whether nothing but the heartbeat and its lists can have stopped it; true unless said
 * @returns what it says of the chain; undefined when a list that it names is not kept
 * @throws CredentialError `status_invalid`; AuditLogError `audit_proof_invalid` when the record says something else
 */
export function proveStatus(
  jws: string,
  about: { readonly record: AuditRecord; readonly chain: StatusSubject; readonly isOnlyWord?: boolean },
  known: { readonly issuers: IssuerKeys; readonly lists: StatusLists },
): StatusThen | undefined {
  const { record, chain, isOnlyWord = true } = about
  const heartbeat = verifyHeartbeat(jws, { issuer: chain.root.issuer, issuers: known.issuers, now: ANY_TIME })
  const { time, sequence } = heartbeat
  if (time > Date.parse(record.time) + TOLERANCE_MS)
    throw contradict('what was known of revocations is newer')
  if (!namesLists(heartbeat, chain, known.lists)) return undefined
  const revoked = findRevoked(heartbeat, chain, known)
  checkDecision(record, { isDead: revoked !== undefined, isOnlyWord })
  return { time, sequence, revoked }
}

/** Digests of the lists that tell about a chain, as a heartbeat names them; empty for one that is none. */
export function digestsOfLists(jws: string, chain: StatusSubject, issuers: IssuerKeys): readonly string[] {
  try {
    const heartbeat = verifyHeartbeat(jws, { issuer: chain.root.issuer, issuers, now: ANY_TIME })
    return referencesOf(heartbeat, chain).map(({ digest }) => digest)
  } catch (error) {
    if (error instanceof BehalfError) return []
    throw error
  }
}

function referencesOf({ lists }: Heartbeat, chain: StatusSubject): Heartbeat['lists'] {
  const urls = new Set(chain.links.map(({ status }) => status.statusListCredential))
  return lists.filter(({ id }) => urls.has(findSuspended(id) ?? id))
}

function namesLists(heartbeat: Heartbeat, chain: StatusSubject, lists: StatusLists): boolean {
  return referencesOf(heartbeat, chain).every(({ digest }) => lists.has(digest))
}

function findRevoked(
  heartbeat: Heartbeat,
  chain: StatusSubject,
  { issuers, lists }: { readonly issuers: IssuerKeys; readonly lists: StatusLists },
): string | undefined {
  const key = chain.links.find(({ subject }) => heartbeat.revokedKeys.includes(subject))
  if (key !== undefined) return key.subject
  const { issuer } = chain.root
  const read = new Map(
    referencesOf(heartbeat, chain).map(({ id, digest }) => {
      const jws = lists.get(digest) ?? ''
      // It was in force when the heartbeat was signed.
      const purpose = findSuspended(id) === undefined ? 'revocation' : 'suspension'
      return [id, verifyStatusList(jws, { id, issuer, issuers, purpose, now: heartbeat.time })] as const
    }),
  )
  return chain.links.find((link) => isStopped(link, read))?.id
}

function isStopped(
  delegation: StatusSubject['links'][number],
  lists: ReadonlyMap<string, StatusList>,
): boolean {
  const url = delegation.status.statusListCredential
  try {
    checkDelegationStatus(delegation, {
      revocation: lists.get(url),
      suspension: lists.get(suspensionListUrl(url)),
    })
    return false
  } catch (error) {
    if (error instanceof CredentialError && STOPPED.has(error.code)) return true
    throw error
  }
}

/** Whether a request is said to have been refused because something behind it was not in force. */
export function isSaidStopped({ code }: AuditRecord): boolean {
  return STOPPED.has(code)
}

/** Nothing that was revoked was let through, and nothing is said to be revoked that was not. */
function checkDecision(
  record: AuditRecord,
  { isDead, isOnlyWord }: { readonly isDead: boolean; readonly isOnlyWord: boolean },
): void {
  if (isDead && isAccepted(record)) throw contradict('it was accepted although it was revoked')
  if (!isDead && isOnlyWord && isSaidStopped(record)) throw contradict('nothing was revoked')
}
