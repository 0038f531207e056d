import { BehalfError, type Signer } from '@behalf/core'
import {
  type AccessTokenClaims,
  readAccessTokenClaims,
  serializeAccessTokenClaims,
} from './access-token-claims.ts'
import { CredentialError } from './error.ts'
import { parseCompactJws, signCompactJws } from './jws.ts'
import { freezeDeeply, malformed } from './members.ts'
import { tokenKeyId } from './token-key-id.ts'
import { checkTokenSignature, type TokenKeys } from './token-signature.ts'

/** What {@link verifyAccessToken} relies on. */
export interface VerifyAccessTokenOptions {
  /** The URL of the trusted authority, spelled as in its metadata. */
  readonly issuer: string
  /** The one resource that the token must be for, spelled as it was asked for. */
  readonly audience: string
  readonly keys: TokenKeys
  /** Milliseconds since the epoch. */
  readonly now: number
  /** How far the authority's clock may be ahead when a token begins; 5 unless said otherwise. The end is exact. */
  readonly clockToleranceSeconds?: number
}

/** The `typ` of an access token. @see RFC 9068 section 2.1 */
export const ACCESS_TOKEN_TYPE = 'at+jwt'

/** The most bytes of an access token: it has to fit into one header field. */
export const MAX_ACCESS_TOKEN_BYTES = 12_000

/** The longest life of an access token. */
export const MAX_ACCESS_TOKEN_SECONDS = 300

const DEFAULT_CLOCK_TOLERANCE_SECONDS = 5

/**
 * Resolves to the compact JWS (`at+jwt`) of an access token, which names the signer's key by its thumbprint.
 * @param claims times are milliseconds since the epoch and are cut down to whole seconds
 * @throws CredentialError `credential_too_large` for a token of more than 12,000 bytes
 * @throws TypeError for a life of nothing or of more than 300 seconds
 * @see RFC 9068 section 2
 * @example
 * const token = await signAccessToken(claims, signer)
 */
export async function signAccessToken(claims: AccessTokenClaims, signer: Signer): Promise<string> {
  const payload = serializeAccessTokenClaims(claims)
  if (!isLifeWithinBounds(claims)) {
    throw new TypeError(`An access token lives from 1 to ${MAX_ACCESS_TOKEN_SECONDS} seconds`)
  }
  const header = { typ: ACCESS_TOKEN_TYPE, kid: tokenKeyId(signer.publicKey) }
  const token = await signCompactJws({ header, payload, signer })
  if (token.length > MAX_ACCESS_TOKEN_BYTES) throw tooLarge()
  return token
}

/**
 * Returns what an access token says that the trusted authority signed for this audience and that is valid at `now`.
 * Neither proof of its key (`cnf`) nor revocation is looked at.
 * @param token compact, at most 12,000 bytes
 * @throws CredentialError `audience_mismatch` for a token that is for another resource; `invalid_token` for anything
 * else that is wrong with it
 * @throws TypeError for a time or tolerance that is not a number
 * @see RFC 9068 section 4, RFC 8725
 * @example
 * const { agent, capabilities } = verifyAccessToken(token, { issuer, audience, keys, now: clock() })
 */
export function verifyAccessToken(token: string, options: VerifyAccessTokenOptions): AccessTokenClaims {
  checkOptions(options)
  const claims = refuseAsInvalidToken(() => {
    const jws = parseCompactJws(token, { maxBytes: MAX_ACCESS_TOKEN_BYTES })
    checkTokenSignature(jws, ACCESS_TOKEN_TYPE, options.keys)
    const read = readAccessTokenClaims(jws.payload)
    if (read.issuer !== options.issuer) throw malformed('iss', 'is not the authority')
    return read
  })
  if (claims.audience !== options.audience) {
    throw new CredentialError('audience_mismatch', 'The token is for another resource', { field: 'aud' })
  }
  checkTime(claims, options)
  return freezeDeeply(claims)
}

/** Makes sure of the options, since comparisons with NaN are false, which would read as "in time". */
function checkOptions(options: VerifyAccessTokenOptions): void {
  const { now, clockToleranceSeconds = DEFAULT_CLOCK_TOLERANCE_SECONDS } = options
  if (!Number.isFinite(now) || !(clockToleranceSeconds >= 0 && clockToleranceSeconds < Infinity)) {
    throw new TypeError('now and clockToleranceSeconds must be numbers')
  }
}

function checkTime(claims: AccessTokenClaims, options: VerifyAccessTokenOptions): void {
  const { now, clockToleranceSeconds = DEFAULT_CLOCK_TOLERANCE_SECONDS } = options
  if (!isLifeWithinBounds(claims)) throw invalidToken('lives for too long or not at all', 'exp')
  if (claims.issuedAt > now + clockToleranceSeconds * 1000) throw invalidToken('is from the future', 'iat')
  if (now >= claims.expiresAt) throw invalidToken('has expired', 'exp')
}

function isLifeWithinBounds({ issuedAt, expiresAt }: AccessTokenClaims): boolean {
  const seconds = Math.floor(expiresAt / 1000) - Math.floor(issuedAt / 1000)
  return seconds > 0 && seconds <= MAX_ACCESS_TOKEN_SECONDS
}

function refuseAsInvalidToken<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    const field = cause instanceof CredentialError ? cause.field : undefined
    const evidence = field === undefined ? { cause } : { cause, field }
    throw new CredentialError('invalid_token', `The token is not valid: ${cause.message}`, evidence)
  }
}

function invalidToken(what: string, field: string): CredentialError {
  return new CredentialError('invalid_token', `The token ${what}`, { field })
}

function tooLarge(): CredentialError {
  return new CredentialError(
    'credential_too_large',
    `The token is longer than ${MAX_ACCESS_TOKEN_BYTES} bytes`,
  )
}
