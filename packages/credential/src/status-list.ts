import { digestSha256, type JsonObject, type Signer } from '@behalf/core'
import type { Did } from '@behalf/did'
import { decodeBitstring, encodeBitstring, MIN_STATUS_LIST_LENGTH, readBit, writeBit } from './bitstring.ts'
import type { IssuerKeys } from './chain.ts'
import { CREDENTIALS_CONTEXT_URL } from './context.ts'
import { formatDateTime, parseDateTime, toSeconds } from './date-time.ts'
import { DELEGATION_TYPE, type Delegation } from './delegation.ts'
import { CredentialError } from './error.ts'
import type { ListReference } from './heartbeat.ts'
import { signCompactJws } from './jws.ts'
import { checkMembers, isExactly, malformed, readInteger, readObject } from './members.ts'
import { readSignedStatus, refuseAsStatusInvalid } from './signed-status.ts'

/** What an entry of a list that is set says: that something ended for good, or that it rests for now. */
export type StatusPurpose = 'revocation' | 'suspension'

/** What {@link signStatusList} puts into a list. Times are milliseconds since the epoch, cut down to whole seconds. */
export interface SignStatusListOptions {
  /** The URL of the list. */
  readonly id: string
  readonly issuer: Did
  /** The DID URL of the signer's key. */
  readonly kid: string
  readonly purpose: StatusPurpose
  /** At least 131,072 bits. */
  readonly bits: Uint8Array
  /** Grows with every change. */
  readonly version: number
  readonly now: number
  readonly validUntil: number
  readonly signer: Signer
}

/** What {@link verifyStatusList} relies on. */
export interface VerifyStatusListOptions {
  /** The URL for which the list was obtained. */
  readonly id: string
  /** The issuer of the root of the chains that use the list. */
  readonly issuer: Did
  readonly issuers: IssuerKeys
  /** What the list must be for. Default: revocation. */
  readonly purpose?: StatusPurpose
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A verified status list. */
export interface StatusList {
  readonly id: string
  readonly issuer: Did
  readonly version: number
  /** `digestSha256` of the compact JWS, as a heartbeat names it. */
  readonly digest: string
  readonly purpose: StatusPurpose
  /** Entries. */
  readonly length: number
  /** Milliseconds since the epoch. */
  readonly validFrom: number
  /** Milliseconds since the epoch. */
  readonly validUntil: number
  /**
   * Whether the entry at `index` is set: revoked or suspended.
   * @throws RangeError for an index outside the list
   */
  isSet(index: number): boolean
}

// The longest list does not compress, and is base64url inside base64url.
const MAX_JWS_BYTES = 2_097_152
const CLOCK_TOLERANCE_MS = 5_000
const TYPE = ['VerifiableCredential', 'BitstringStatusListCredential'] as const
const MEMBERS: ReadonlySet<string> = new Set([
  '@context',
  'id',
  'type',
  'issuer',
  'validFrom',
  'validUntil',
  'credentialSubject',
  'iss',
  'jti',
  'nbf',
  'exp',
  'iat',
  'version',
])
const SUBJECT_MEMBERS: ReadonlySet<string> = new Set([
  'id',
  'type',
  'statusPurpose',
  'statusSize',
  'encodedList',
])

/**
 * Resolves to the compact JWS (`vc+jwt`) of a status list.
 * @throws TypeError for a list shorter than 131,072 bits, or a version that is not a positive integer
 * @see Bitstring Status List v1.0 section 2.2
 */
export async function signStatusList(options: SignStatusListOptions): Promise<string> {
  const { id, issuer, kid, purpose, bits, version, now, validUntil, signer } = options
  if (!Number.isSafeInteger(version) || version < 1) throw new TypeError('The version must be at least 1')
  if (bits.length * 8 < MIN_STATUS_LIST_LENGTH) throw new TypeError('The list is too short')
  const payload = {
    '@context': [CREDENTIALS_CONTEXT_URL],
    id,
    type: [...TYPE],
    issuer,
    validFrom: formatDateTime(now),
    validUntil: formatDateTime(validUntil),
    credentialSubject: {
      id: `${id}#list`,
      type: 'BitstringStatusList',
      statusPurpose: purpose,
      encodedList: encodeBitstring(bits),
    },
    iss: issuer,
    jti: id,
    nbf: toSeconds(now),
    exp: toSeconds(validUntil),
    iat: toSeconds(now),
    version,
  }
  return await signCompactJws({ header: { typ: DELEGATION_TYPE, kid }, payload, signer })
}

/**
 * Returns the list that `issuer` signed for the URL `id` and that is valid at `now`, begun at most 5 s ahead.
 * @throws CredentialError `status_invalid`, whatever is wrong with it
 * @throws TypeError when `now` is not a number
 * @see Bitstring Status List v1.0 section 3.2
 */
export function verifyStatusList(jws: string, options: VerifyStatusListOptions): StatusList {
  const { id, issuer, issuers, purpose = 'revocation', now } = options
  if (!Number.isFinite(now)) throw new TypeError('now must be a number')
  return refuseAsStatusInvalid('status list', () => {
    const payload = readSignedStatus(jws, { typ: DELEGATION_TYPE, maxBytes: MAX_JWS_BYTES, issuer, issuers })
    checkIdentity(payload, { id, issuer })
    const validity = checkValidity(payload, now)
    const version = readInteger(payload.version, 'version', 1)
    const bits = readBits(readObject(payload.credentialSubject, 'credentialSubject'), purpose)
    return createStatusList({ ...validity, id, issuer, version, digest: digestSha256(jws), purpose }, bits)
  })
}

/**
 * Returns the list that a heartbeat speaks of, made of one that was verified before and of what the heartbeat says was
 * changed since; undefined when it does not say all of it. The list still ends when the one it is made of does.
 *
 * @param list of the issuer of the heartbeat
 * @param reference in a verified heartbeat
 * @throws CredentialError `status_invalid` for a change of an entry that the list does not have
 * @throws TypeError for a list that neither this nor {@link verifyStatusList} returned
 */
export function changeStatusList(list: StatusList, reference: ListReference): StatusList | undefined {
  const held = bitsOf.get(list)
  if (held === undefined) throw new TypeError('The list was not verified')
  const { id, version, digest, changes = [] } = reference
  const missed = changes.filter((change) => change.version > list.version)
  if (id !== list.id || missed.length === 0 || missed[0]?.version !== list.version + 1) return undefined
  const bits = held.slice()
  for (const { set, cleared } of missed) {
    for (const index of [...set, ...cleared]) {
      if (index >= list.length) throw refuse('status_invalid', 'A change is outside of its list')
    }
    for (const index of set) writeBit(bits, index, true)
    for (const index of cleared) writeBit(bits, index, false)
  }
  return createStatusList({ ...list, version, digest }, bits)
}

/** Of every list, so that another can be made of it. */
const bitsOf = new WeakMap<StatusList, Uint8Array>()

function createStatusList(facts: Omit<StatusList, 'length' | 'isSet'>, bits: Uint8Array): StatusList {
  const list: StatusList = Object.freeze({
    ...facts,
    length: bits.length * 8,
    isSet: (index: number): boolean => readBit(bits, index),
  })
  bitsOf.set(list, bits)
  return list
}

/** The lists that tell about one delegation. */
export interface StatusLists {
  /**
   * What {@link verifyStatusList} returned for the URL that `delegation.status` names; undefined when that issuer has
   * no such list.
   */
  readonly revocation: StatusList | undefined
  /** The one at {@link suspensionListUrl} of that URL; undefined when the issuer suspends nothing. */
  readonly suspension: StatusList | undefined
}

const SUSPENSION_SUFFIX = '/suspension'

/**
 * Returns where an issuer says which entries of the list at `url` rest for now: every entry has the same index there.
 *
 * @param url of a list of revocations
 */
export function suspensionListUrl(url: string): string {
  return `${url}${SUSPENSION_SUFFIX}`
}

/** Returns the URL of the list of revocations whose entries rest by the list at `url`; undefined for another list. */
export function findSuspended(url: string): string | undefined {
  return url.endsWith(SUSPENSION_SUFFIX) ? url.slice(0, -SUSPENSION_SUFFIX.length) : undefined
}

/**
 * Makes sure that the lists say that the delegation is neither revoked nor suspended. A root's lists must come from the
 * root's issuer; for the other links of a chain the caller asks the same issuer's lists.
 * @throws CredentialError `credential_revoked`; `credential_suspended`; `status_index_invalid` for an index outside a
 * list; `status_invalid` when the list of revocations is absent, or one is another, or of another issuer
 * @see Bitstring Status List v1.0 section 3.2
 */
export function checkDelegationStatus(
  delegation: Pick<Delegation, 'issuer' | 'parent' | 'status'>,
  { revocation, suspension }: StatusLists,
): void {
  const { statusListCredential } = delegation.status
  if (isSet(delegation, revocation, { id: statusListCredential, purpose: 'revocation' })) {
    throw refuse('credential_revoked', 'The delegation is revoked')
  }
  if (suspension === undefined) return
  const id = suspensionListUrl(statusListCredential)
  if (isSet(delegation, suspension, { id, purpose: 'suspension' })) {
    throw refuse('credential_suspended', 'The delegation is suspended')
  }
}

function isSet(
  { issuer, parent, status }: Pick<Delegation, 'issuer' | 'parent' | 'status'>,
  list: StatusList | undefined,
  { id, purpose }: { readonly id: string; readonly purpose: StatusPurpose },
): boolean {
  if (list === undefined || list.id !== id || list.purpose !== purpose) {
    throw refuse('status_invalid', 'There is no list for the status entry of the delegation')
  }
  if (parent === undefined && list.issuer !== issuer) {
    throw refuse('status_invalid', 'The list is not from the issuer of the root')
  }
  const index = Number(status.statusListIndex)
  if (index >= list.length) throw refuse('status_index_invalid', 'The status index is outside its list')
  return list.isSet(index)
}

function checkIdentity(payload: JsonObject, expected: { id: string; issuer: Did }): void {
  checkMembers(payload, MEMBERS, 'list')
  const { id, issuer } = expected
  const wanted = { id, jti: id, issuer, iss: issuer }
  for (const [name, value] of Object.entries(wanted)) {
    if (payload[name] !== value) throw malformed(name, 'is not the one of this list')
  }
  if (!isExactly(payload.type, TYPE)) throw malformed('type', 'is not that of a status list')
  if (!isExactly(payload['@context'], [CREDENTIALS_CONTEXT_URL])) throw malformed('@context', 'is not ours')
}

function checkValidity(payload: JsonObject, now: number): Pick<StatusList, 'validFrom' | 'validUntil'> {
  const validFrom = parseDateTime(payload.validFrom, 'validFrom')
  const validUntil = parseDateTime(payload.validUntil, 'validUntil')
  readInteger(payload.iat, 'iat')
  if (payload.nbf !== validFrom / 1000 || payload.exp !== validUntil / 1000) {
    throw malformed('validFrom', 'or validUntil disagrees with nbf or exp')
  }
  if (now + CLOCK_TOLERANCE_MS < validFrom) throw malformed('validFrom', 'is in the future')
  if (now - CLOCK_TOLERANCE_MS >= validUntil) throw malformed('validUntil', 'is past')
  return { validFrom, validUntil }
}

function readBits(subject: JsonObject, purpose: StatusPurpose): Uint8Array {
  checkMembers(subject, SUBJECT_MEMBERS, 'credentialSubject')
  const { id, type, statusPurpose, statusSize, encodedList } = subject
  if (id !== undefined && typeof id !== 'string') throw malformed('credentialSubject.id', 'is not a text')
  if (type !== 'BitstringStatusList')
    throw malformed('credentialSubject.type', 'is not that of a status list')
  if (statusPurpose !== purpose) throw malformed('statusPurpose', `is not ${purpose}`)
  if (statusSize !== undefined && statusSize !== 1) throw malformed('statusSize', 'is not 1')
  if (typeof encodedList !== 'string') throw malformed('encodedList', 'is not a text')
  return decodeBitstring(encodedList)
}

function refuse(
  code: 'status_invalid' | 'status_index_invalid' | 'credential_revoked' | 'credential_suspended',
  message: string,
): CredentialError {
  return new CredentialError(code, message, { field: 'credentialStatus' })
}
