import type { JsonObject, Signer } from '@behalf/core'
import { toSeconds } from './date-time.ts'
import { parseCompactJws, signCompactJws } from './jws.ts'
import { checkMembers, malformed, readInteger, readObject, readText } from './members.ts'
import { refuseAsStatusInvalid } from './signed-status.ts'
import { tokenKeyId } from './token-key-id.ts'
import { checkTokenSignature, type TokenKeys } from './token-signature.ts'
import {
  decodeTokenStatuses,
  encodeTokenStatuses,
  isBitsPerStatus,
  readTokenStatus,
  type TokenStatuses,
} from './token-statuses.ts'

/** What {@link signTokenStatusList} puts into a list. Times are milliseconds since the epoch, cut down to seconds. */
export interface SignTokenStatusListOptions {
  /** The URL of the list, as tokens name it. */
  readonly uri: string
  /** The URL of the authority. */
  readonly issuer: string
  readonly statuses: TokenStatuses
  readonly now: number
  readonly expiresAt: number
  /** For how long a copy may be kept before it is fetched again, at least 1. */
  readonly ttlSeconds: number
  readonly signer: Signer
}

/** What {@link verifyTokenStatusList} relies on. */
export interface VerifyTokenStatusListOptions {
  /** The URL for which the list was obtained. */
  readonly uri: string
  /** The URL of the trusted authority, spelled as in its metadata. */
  readonly issuer: string
  readonly keys: TokenKeys
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A verified list. Times are milliseconds since the epoch. */
export interface TokenStatusList {
  readonly uri: string
  readonly issuer: string
  readonly issuedAt: number
  readonly expiresAt: number
  readonly ttlSeconds: number
  /** How many tokens have a place in it. */
  readonly length: number
  /**
   * What the list says of the token at `index`: 0 that it holds, 1 that it was revoked, 2 that it is suspended.
   * @throws RangeError for an index outside the list
   */
  statusAt(index: number): number
}

/** The `typ` of a list. @see Token Status List section 5.1 */
export const TOKEN_STATUS_LIST_TYPE = 'statuslist+jwt'

// The longest list does not compress, and is base64url inside base64url.
const MAX_JWS_BYTES = 2_097_152
const CLOCK_TOLERANCE_MS = 5_000
const MEMBERS: ReadonlySet<string> = new Set(['iss', 'sub', 'iat', 'exp', 'ttl', 'status_list'])
const LIST_MEMBERS: ReadonlySet<string> = new Set(['bits', 'lst'])

/**
 * Resolves to the compact JWS (`statuslist+jwt`) of a list, which names the signer's key by its thumbprint.
 * @throws TypeError for a list that ends before it begins, or a `ttlSeconds` that is not a positive integer
 * @see Token Status List section 5.1
 */
export async function signTokenStatusList(options: SignTokenStatusListOptions): Promise<string> {
  const { uri, issuer, statuses, now, expiresAt, ttlSeconds, signer } = options
  if (toSeconds(expiresAt) <= toSeconds(now)) throw new TypeError('The list must end after it begins')
  if (!Number.isSafeInteger(ttlSeconds) || ttlSeconds < 1) {
    throw new TypeError('ttlSeconds must be a positive integer')
  }
  const payload = {
    iss: issuer,
    sub: uri,
    iat: toSeconds(now),
    exp: toSeconds(expiresAt),
    ttl: ttlSeconds,
    status_list: { bits: statuses.bits, lst: encodeTokenStatuses(statuses) },
  }
  const header = { typ: TOKEN_STATUS_LIST_TYPE, kid: tokenKeyId(signer.publicKey) }
  return await signCompactJws({ header, payload, signer })
}

/**
 * Returns the list that the trusted authority signed for the URL `uri` and that is valid at `now`, begun at most 5 s
 * ahead.
 * @throws CredentialError `status_invalid`, whatever is wrong with it
 * @throws TypeError when `now` is not a number
 * @see Token Status List sections 5.1 and 8.3
 */
export function verifyTokenStatusList(jws: string, options: VerifyTokenStatusListOptions): TokenStatusList {
  if (!Number.isFinite(options.now)) throw new TypeError('now must be a number')
  return refuseAsStatusInvalid('token status list', () => {
    const parsed = parseCompactJws(jws, { maxBytes: MAX_JWS_BYTES })
    checkTokenSignature(parsed, TOKEN_STATUS_LIST_TYPE, options.keys)
    const { payload } = parsed
    checkMembers(payload, MEMBERS, 'token status list')
    checkIdentity(payload, options)
    const validity = readValidity(payload, options.now)
    const statuses = readStatuses(readObject(payload.status_list, 'status_list'))
    return Object.freeze({
      ...validity,
      uri: options.uri,
      issuer: options.issuer,
      length: (statuses.bytes.length * 8) / statuses.bits,
      statusAt: (index: number): number => readTokenStatus(statuses, index),
    })
  })
}

function checkIdentity(payload: JsonObject, { uri, issuer }: VerifyTokenStatusListOptions): void {
  if (payload.sub !== uri) throw malformed('sub', 'is not the URL of the list')
  if (payload.iss !== issuer) throw malformed('iss', 'is not the authority')
}

function readValidity(
  payload: JsonObject,
  now: number,
): Pick<TokenStatusList, 'issuedAt' | 'expiresAt' | 'ttlSeconds'> {
  const issuedAt = readInteger(payload.iat, 'iat') * 1000
  const expiresAt = readInteger(payload.exp, 'exp') * 1000
  if (issuedAt > now + CLOCK_TOLERANCE_MS) throw malformed('iat', 'is in the future')
  if (now >= expiresAt) throw malformed('exp', 'has passed')
  return { issuedAt, expiresAt, ttlSeconds: readInteger(payload.ttl, 'ttl', 1) }
}

function readStatuses(list: JsonObject): TokenStatuses {
  checkMembers(list, LIST_MEMBERS, 'status_list')
  const bits = readInteger(list.bits, 'bits', 1)
  if (!isBitsPerStatus(bits)) throw malformed('bits', 'is not 1, 2, 4 or 8')
  return decodeTokenStatuses(readText(list.lst, 'lst'), bits)
}
