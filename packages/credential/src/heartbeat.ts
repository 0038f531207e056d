import { digestSha256, type JsonObject, type JsonValue, type Signer } from '@behalf/core'
import type { Did } from '@behalf/did'
import type { IssuerKeys } from './chain.ts'
import { toSeconds } from './date-time.ts'
import { isDigest } from './digest.ts'
import { signCompactJws } from './jws.ts'
import { type ListChange, readListChanges } from './list-change.ts'
import { checkMembers, freezeDeeply, malformed, readInteger, readObject, readText } from './members.ts'
import { readSignedStatus, refuseAsStatusInvalid } from './signed-status.ts'

/** The version and digest of a status list that a heartbeat vouches for. */
export type ListReference = {
  readonly id: string
  readonly version: number
  readonly digest: string
  /** What was changed last, oldest first, up to this version: whoever holds the list from before needs no other. */
  readonly changes?: readonly ListChange[]
}

/** What {@link signHeartbeat} puts into a heartbeat. */
export interface SignHeartbeatOptions {
  readonly issuer: Did
  /** The DID URL of the signer's key. */
  readonly kid: string
  /** Grows when the issuer begins again from a backup. */
  readonly epoch: number
  /** Grows with every heartbeat of an epoch. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly lists: readonly ListReference[]
  readonly revokedKeys: readonly Did[]
  /** DID URLs of keys of this issuer that nobody should trust any more. Default: none. */
  readonly revokedIssuerKeys?: readonly string[]
  readonly signer: Signer
}

/** What {@link verifyHeartbeat} relies on. */
export interface VerifyHeartbeatOptions {
  readonly issuer: Did
  readonly issuers: IssuerKeys
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A verified heartbeat. How old it may be, and that it follows the one before, is for the caller to say. */
export interface Heartbeat {
  readonly issuer: Did
  readonly epoch: number
  readonly sequence: number
  /** The signed time, in milliseconds since the epoch. */
  readonly time: number
  readonly lists: readonly ListReference[]
  readonly revokedKeys: readonly Did[]
  /** DID URLs of keys of this issuer that nobody should trust any more, this heartbeat's own perhaps among them. */
  readonly revokedIssuerKeys: readonly string[]
  /** `digestSha256` of the compact JWS. */
  readonly digest: string
}

/** The `typ` of a heartbeat. */
export const HEARTBEAT_TYPE = 'behalf-heartbeat+jwt'

const MAX_JWS_BYTES = 1_048_576
const MAX_AHEAD_MS = 5_000
const MEMBERS: ReadonlySet<string> = new Set([
  'iss',
  'epoch',
  'sequence',
  'iat',
  'iat_ms',
  'lists',
  'revoked_keys',
  'revoked_issuer_keys',
])
const LIST_MEMBERS: ReadonlySet<string> = new Set(['id', 'version', 'digest', 'changes'])

/**
 * Resolves to the compact JWS of a heartbeat, which carries its time in seconds (`iat`) and milliseconds (`iat_ms`).
 * @throws TypeError for an epoch, sequence or time that is not a non-negative integer
 */
export async function signHeartbeat(options: SignHeartbeatOptions): Promise<string> {
  const { issuer, kid, epoch, sequence, now, lists, revokedKeys, signer, revokedIssuerKeys = [] } = options
  if (![epoch, sequence, now].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    throw new TypeError('epoch, sequence and now must be non-negative integers')
  }
  const payload = {
    iss: issuer,
    epoch,
    sequence,
    iat: toSeconds(now),
    iat_ms: now,
    lists: lists.map(spellListReference),
    revoked_keys: [...revokedKeys],
    ...(revokedIssuerKeys.length > 0 && { revoked_issuer_keys: [...revokedIssuerKeys] }),
  }
  return await signCompactJws({ header: { typ: HEARTBEAT_TYPE, kid }, payload, signer })
}

/**
 * Returns the heartbeat that `issuer` signed, whose time is at most 5 s ahead of `now`.
 * @throws CredentialError `status_invalid`, whatever is wrong with it
 * @throws TypeError when `now` is not a number
 */
export function verifyHeartbeat(jws: string, options: VerifyHeartbeatOptions): Heartbeat {
  const { issuer, issuers, now } = options
  if (!Number.isFinite(now)) throw new TypeError('now must be a number')
  return refuseAsStatusInvalid('heartbeat', () => {
    const payload = readSignedStatus(jws, { typ: HEARTBEAT_TYPE, maxBytes: MAX_JWS_BYTES, issuer, issuers })
    checkMembers(payload, MEMBERS, 'heartbeat')
    if (payload.iss !== issuer) throw malformed('iss', 'is not the issuer')
    return freezeDeeply({
      issuer,
      epoch: readInteger(payload.epoch, 'epoch'),
      sequence: readInteger(payload.sequence, 'sequence'),
      time: readTime(payload, now),
      lists: readLists(payload.lists),
      revokedKeys: readRevokedKeys(payload.revoked_keys),
      revokedIssuerKeys: readRevokedIssuerKeys(payload.revoked_issuer_keys, issuer),
      digest: digestSha256(jws),
    })
  })
}

function spellListReference({ id, version, digest, changes = [] }: ListReference): JsonObject {
  const spelled = changes.map(({ set, cleared, ...change }) => ({
    version: change.version,
    set: [...set],
    cleared: [...cleared],
  }))
  return { id, version, digest, ...(spelled.length > 0 && { changes: spelled }) }
}

function readTime(payload: JsonObject, now: number): number {
  const time = readInteger(payload.iat_ms, 'iat_ms')
  if (readInteger(payload.iat, 'iat') !== toSeconds(time)) throw malformed('iat', 'disagrees with iat_ms')
  if (time > now + MAX_AHEAD_MS) throw malformed('iat', 'is in the future')
  return time
}

function readLists(value: JsonValue | undefined): readonly ListReference[] {
  if (!Array.isArray(value)) throw malformed('lists', 'are not a list')
  const lists = value.map(readListReference)
  if (new Set(lists.map(({ id }) => id)).size !== lists.length) throw malformed('lists', 'name a list twice')
  return lists
}

function readListReference(value: JsonValue): ListReference {
  const list = readObject(value, 'lists')
  checkMembers(list, LIST_MEMBERS, 'lists')
  const { digest, changes } = list
  if (!isDigest(digest)) throw malformed('lists', 'have a digest that is none')
  const version = readInteger(list.version, 'lists', 1)
  const reference = { id: readText(list.id, 'lists'), version, digest }
  return changes === undefined ? reference : { ...reference, changes: readListChanges(changes, version) }
}

function readRevokedKeys(value: JsonValue | undefined): readonly Did[] {
  if (!Array.isArray(value)) throw malformed('revoked_keys', 'are not a list')
  return value.map((key) => readText(key, 'revoked_keys'))
}

/** Absent where there are none. */
function readRevokedIssuerKeys(value: JsonValue | undefined, issuer: Did): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw malformed('revoked_issuer_keys', 'are not a list')
  return value.map((key) => {
    const kid = readText(key, 'revoked_issuer_keys')
    if (!kid.startsWith(`${issuer}#`)) throw malformed('revoked_issuer_keys', 'name a key of another issuer')
    return kid
  })
}
