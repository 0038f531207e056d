import {
  decodeUtf8,
  digestSha256,
  encodeBase64url,
  isJsonObject,
  type JsonObject,
  parseEd25519Jwk,
} from '@behalf/core'
import type { Did } from '@behalf/did'
import { CREDENTIALS_CONTEXT_URL, DELEGATION_CONTEXT_URL } from './context.ts'
import { parseDateTime } from './date-time.ts'
import { type DelegationSubject, parseDelegationSubject } from './delegation-subject.ts'
import { CredentialError, translateCoreErrors } from './error.ts'
import { type CompactJws, checkKeyOwner, parseCompactJws, readKeyId } from './jws.ts'
import {
  checkMembers,
  freezeDeeply,
  isExactly,
  malformed,
  readInteger,
  readObject,
  readText,
} from './members.ts'
import { parseStatusEntry, type StatusEntry } from './status-entry.ts'

/** One link of a chain. All times are milliseconds since the epoch, always whole seconds. */
export interface Delegation extends DelegationSubject {
  /** `urn:uuid:…` */
  readonly id: string
  /** The authority for a root, the delegating agent for a child. */
  readonly issuer: Did
  readonly validFrom: number
  readonly validUntil: number
  /** The time of signing, as the issuer says. */
  readonly issuedAt: number
  readonly status: StatusEntry
  /** The DID URL of the key that signed, as the header says. */
  readonly kid: string
  /** `digestSha256` of the bytes of {@link jws}. */
  readonly digest: string
  readonly jws: string
}

/** The media type that the header of a delegation carries. @see VC-JOSE-COSE section 6.1.1 */
export const DELEGATION_TYPE = 'vc+jwt'

/** The most bytes that all compact links of a chain have together, so also the most of one link. */
export const MAX_CHAIN_BYTES = 12_000

/** The bytes that were signed, their signature, and the bytes of the whole link. */
export type SignedBytes = Pick<CompactJws, 'signingInput' | 'signature' | 'bytes'>

const URN_UUID = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const MEMBERS: ReadonlySet<string> = new Set([
  '@context',
  'id',
  'type',
  'issuer',
  'validFrom',
  'validUntil',
  'credentialSubject',
  'credentialStatus',
  'iss',
  'sub',
  'jti',
  'nbf',
  'exp',
  'iat',
  'cnf',
])
const CONFIRMATION_MEMBERS: ReadonlySet<string> = new Set(['jwk'])
const CONTEXT = [CREDENTIALS_CONTEXT_URL, DELEGATION_CONTEXT_URL] as const
const TYPE = ['VerifiableCredential', 'DelegationCredential'] as const

/**
 * Returns a delegation whose form is exactly ours and whose members agree with each other.
 * It is NOT verified: neither signature nor time nor issuer was looked at, see {@link verifyDelegationChain}.
 * @param jws compact, at most 12,000 bytes
 * @throws CredentialError `credential_too_large`, `algorithm_unsupported`, `credential_type_mismatch`,
 * `context_unsupported`, `issuer_untrusted` (a header that brings a key), `issuer_mismatch`, `json_ambiguous`,
 * `format_mismatch` (two members disagree), `key_invalid`, `keyid_unsupported`, `scope_malformed`,
 * `attenuation_violation` (a child without capabilities), `audience_mismatch` (a member `aud`), `status_invalid`,
 * `status_index_invalid`, `credential_malformed`
 * @see VC-JOSE-COSE section 3.1.1, VCDM 2.0 section 4
 */
export function parseDelegation(jws: string): Delegation {
  return decodeDelegation(jws).delegation
}

/** Returns what {@link parseDelegation} returns, and the bytes for the signature check. */
export function decodeDelegation(jws: string): { delegation: Delegation; signed: SignedBytes } {
  const { header, payload, ...signed } = parseCompactJws(jws, { maxBytes: MAX_CHAIN_BYTES })
  const kid = readKeyId(header, DELEGATION_TYPE)
  checkKind(payload)
  checkMembers(payload, MEMBERS, 'credential')
  const issuer = readText(payload.issuer, 'issuer')
  checkEqual(payload, 'iss', issuer)
  checkKeyOwner(kid, issuer)
  const validity = readValidity(payload)
  const id = readIdentifier(payload)
  const subject = parseDelegationSubject(readObject(payload.credentialSubject, 'credentialSubject'))
  checkEqual(payload, 'sub', subject.subject)
  checkConfirmation(payload, subject.publicKey)
  const status = parseStatusEntry(payload.credentialStatus)
  const digest = digestSha256(signed.bytes)
  // Its own text: the one that was passed may be a slice of a header field, which it would keep in memory.
  const own = decodeUtf8(signed.bytes)
  const delegation = freezeDeeply({ ...subject, ...validity, id, issuer, status, kid, digest, jws: own })
  return { delegation, signed }
}

function checkKind(payload: JsonObject): void {
  if (!isExactly(payload.type, TYPE)) {
    throw new CredentialError('credential_type_mismatch', 'The credential is not a delegation', {
      field: 'type',
    })
  }
  if (!isExactly(payload['@context'], CONTEXT)) {
    throw new CredentialError('context_unsupported', 'The credential has other contexts than ours', {
      field: '@context',
    })
  }
  if (payload.aud !== undefined) {
    throw new CredentialError(
      'audience_mismatch',
      'A delegation names its audience in its capabilities alone',
      {
        field: 'aud',
      },
    )
  }
}

function readIdentifier(payload: JsonObject): string {
  const id = readText(payload.id, 'id')
  if (!isUrnUuid(id)) throw malformed('id', 'is not a urn:uuid')
  checkEqual(payload, 'jti', id)
  return id
}

function readValidity(payload: JsonObject): Pick<Delegation, 'validFrom' | 'validUntil' | 'issuedAt'> {
  const validFrom = parseDateTime(payload.validFrom, 'validFrom')
  const validUntil = parseDateTime(payload.validUntil, 'validUntil')
  checkEqual(payload, 'nbf', validFrom / 1000)
  checkEqual(payload, 'exp', validUntil / 1000)
  return { validFrom, validUntil, issuedAt: readInteger(payload.iat, 'iat') * 1000 }
}

function checkConfirmation(payload: JsonObject, publicKey: Uint8Array): void {
  const confirmation = readObject(payload.cnf, 'cnf')
  checkMembers(confirmation, CONFIRMATION_MEMBERS, 'cnf')
  const { jwk } = confirmation
  if (isJsonObject(jwk) && isJwkOf(jwk, publicKey)) return
  translateCoreErrors('cnf.jwk', () => parseEd25519Jwk(jwk))
  throw mismatch('cnf')
}

function isJwkOf(jwk: JsonObject, publicKey: Uint8Array): boolean {
  const { kty, crv, alg, x } = jwk
  const isOurs = kty === 'OKP' && crv === 'Ed25519' && alg === 'Ed25519' && x === encodeBase64url(publicKey)
  return isOurs && Object.keys(jwk).length === 4
}

/** Makes sure that a JWT claim repeats what the credential says, in the type of the claim. */
function checkEqual(payload: JsonObject, claim: string, expected: string | number): void {
  const value = payload[claim]
  if (typeof value !== typeof expected) throw malformed(claim, `is not a ${typeof expected}`)
  if (value !== expected) throw mismatch(claim)
}

function mismatch(field: string): CredentialError {
  return new CredentialError('format_mismatch', `${field} disagrees with the credential`, { field })
}

/** Whether `text` is a `urn:uuid` in lower case. @see RFC 9562 section 4 */
export function isUrnUuid(text: string): boolean {
  return URN_UUID.test(text)
}
