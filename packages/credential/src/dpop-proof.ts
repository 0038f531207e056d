import {
  BehalfError,
  encodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  jwkThumbprint,
  parseEd25519Jwk,
  type Signer,
  sha256Base64url,
  verifyEd25519,
} from '@behalf/core'
import { toSeconds } from './date-time.ts'
import { CredentialError } from './error.ts'
import { type CompactJws, parseCompactJws, signCompactJws } from './jws.ts'
import { checkMembers, malformed, readInteger, readText } from './members.ts'

/** What {@link createDpopProof} says and signs. */
export interface CreateDpopProofOptions {
  /** Of the key that the access token is, or is to be, bound to. */
  readonly signer: Signer
  /** In the case in which it is sent. */
  readonly method: string
  /** Absolute; its query and fragment are left out, as the proof does not speak of them. */
  readonly url: string
  /** Sent beside the proof; none where a token is only asked for. */
  readonly accessToken?: string
  /** The last one that the server gave. */
  readonly nonce?: string
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Never used before with this key, 16 to 128 characters of printable ASCII, at least 96 random bits. */
  readonly jti: string
}

/** What {@link verifyDpopProof} holds a proof against. */
export interface VerifyDpopProofOptions {
  /** As it was sent. */
  readonly method: string
  /** The configured origin and the raw path of the request; a query is left out. */
  readonly url: string
  /** {@link hashAccessToken} of the token beside the proof; undefined where none is: then it must not speak of one. */
  readonly accessTokenHash: string | undefined
  /** Milliseconds since the epoch. */
  readonly now: number
  /** How long ago a proof may have been made, 60 unless said otherwise. */
  readonly maxAgeSeconds?: number
}

/** What a valid proof says. Whether its `jti` is new and its `nonce` the server's is for the caller to say. */
export interface DpopProof {
  /** RFC 7638 thumbprint of the key, as `cnf.jkt` names it. */
  readonly jkt: string
  /** 32 bytes. */
  readonly publicKey: Uint8Array
  /** Unique under its key as long as the proof lives; printable ASCII without spaces, at most 128 characters. */
  readonly jti: string
  /** Milliseconds since the epoch, whole seconds. */
  readonly issuedAt: number
  readonly nonce: string | undefined
}

/** How long ago a proof may have been made, unless the verifier says otherwise. */
export const DPOP_MAX_AGE_SECONDS = 60
/** How far the clock of whoever made a proof may be ahead. */
export const DPOP_AHEAD_SECONDS = 5

const DPOP_TYPE = 'dpop+jwt'
const MAX_PROOF_BYTES = 4096
const HEADER_MEMBERS: ReadonlySet<string> = new Set(['typ', 'alg', 'jwk'])
const JTI = /^[!-~]{16,128}$/u
const NONCE = /^[!-~]{1,256}$/u

/**
 * Returns what a proof says of the access token beside it: the base64url SHA-256 of its text.
 * @see RFC 9449 section 4.2
 */
export function hashAccessToken(token: string): string {
  return sha256Base64url(encodeUtf8(token))
}

/**
 * Resolves to a proof, for one request with this method and URL, that its sender holds the key.
 * @throws TypeError for a URL that is not absolute, or a `jti` that is not 16 to 128 characters of printable ASCII
 * @see RFC 9449 section 4.2
 * @example
 * const jti = createUuid(systemRandomBytes)
 * const dpop = await createDpopProof({ signer, method: 'GET', url: 'https://api.test/a', accessToken, now, jti })
 */
export async function createDpopProof(options: CreateDpopProofOptions): Promise<string> {
  const { signer, method, url, accessToken, nonce, now, jti } = options
  if (!JTI.test(jti)) throw new TypeError('jti must be 16 to 128 characters of printable ASCII')
  const { origin, pathname } = new URL(url)
  const payload = {
    jti,
    htm: method,
    htu: origin + pathname,
    iat: toSeconds(now),
    ...(accessToken !== undefined && { ath: hashAccessToken(accessToken) }),
    ...(nonce !== undefined && { nonce }),
  }
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(signer.publicKey) }
  return await signCompactJws({ header: { typ: DPOP_TYPE, jwk }, payload, signer })
}

/**
 * Returns what a proof says that was made for this request and this token, by the holder of the Ed25519 key in it, not
 * long ago. Claims that are not defined are ignored, as RFC 7519 demands; members of the header are not.
 * @param proof the value of the one `DPoP` header
 * @throws CredentialError `invalid_dpop_proof`, whatever is wrong with it
 * @throws TypeError when `now` or `maxAgeSeconds` is not a number
 * @see RFC 9449 section 4.3
 */
export function verifyDpopProof(proof: string, options: VerifyDpopProofOptions): DpopProof {
  const { method, url, accessTokenHash, now, maxAgeSeconds = DPOP_MAX_AGE_SECONDS } = options
  if (!Number.isFinite(now) || !(maxAgeSeconds > 0 && maxAgeSeconds < Infinity)) {
    throw new TypeError('now and maxAgeSeconds must be numbers')
  }
  return refuseAsInvalidProof(() => {
    const jws = parseCompactJws(proof, { maxBytes: MAX_PROOF_BYTES })
    const key = readKey(jws)
    const { payload } = jws
    checkClaim(payload, 'htm', method)
    checkClaim(payload, 'htu', url.split(/[?#]/u, 1)[0])
    checkClaim(payload, 'ath', accessTokenHash)
    const issuedAt = readTime(payload, { now, maxAgeSeconds })
    const jti = readToken(payload, 'jti', JTI)
    const nonce = payload.nonce === undefined ? undefined : readToken(payload, 'nonce', NONCE)
    return Object.freeze({ ...key, jti, issuedAt, nonce })
  })
}

/** The key in the header, whose holder signed the proof. */
function readKey({ header, signingInput, signature }: CompactJws): Pick<DpopProof, 'jkt' | 'publicKey'> {
  if (header.typ !== DPOP_TYPE) throw malformed('typ', `is not ${DPOP_TYPE}`)
  checkMembers(header, HEADER_MEMBERS, 'header')
  const { jwk } = header
  const publicKey = parseEd25519Jwk(jwk)
  if (!isJsonObject(jwk) || !verifyEd25519(publicKey, signingInput, signature)) {
    throw malformed('signature', 'is not by the key in the header')
  }
  return { jkt: jwkThumbprint(jwk), publicKey }
}

function checkClaim(payload: JsonObject, name: string, expected: string | undefined): void {
  if (payload[name] !== expected) throw malformed(name, 'is not that of this request')
}

function readTime(payload: JsonObject, options: { now: number; maxAgeSeconds: number }): number {
  const { now, maxAgeSeconds } = options
  const issuedAt = readInteger(payload.iat, 'iat') * 1000
  if (issuedAt > now + DPOP_AHEAD_SECONDS * 1000) throw malformed('iat', 'is in the future')
  if (issuedAt + maxAgeSeconds * 1000 < now) throw malformed('iat', 'is too long ago')
  // Nobody has to limit a proof further; whoever does means it.
  if (payload.exp !== undefined && readNumber(payload.exp, 'exp') * 1000 <= now) {
    throw malformed('exp', 'is past')
  }
  if (payload.nbf !== undefined && readNumber(payload.nbf, 'nbf') * 1000 > now + DPOP_AHEAD_SECONDS * 1000) {
    throw malformed('nbf', 'is in the future')
  }
  return issuedAt
}

function readNumber(value: JsonValue, field: string): number {
  if (typeof value !== 'number') throw malformed(field, 'is not a number')
  return value
}

function readToken(payload: JsonObject, name: string, pattern: RegExp): string {
  const text = readText(payload[name], name)
  if (!pattern.test(text)) throw malformed(name, 'is not printable ASCII of its length')
  return text
}

function refuseAsInvalidProof<Value>(read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new CredentialError('invalid_dpop_proof', `The DPoP proof is invalid: ${cause.message}`, { cause })
  }
}
