import {
  type DpopNonces,
  type DpopProof,
  hashAccessToken,
  parseCompactJws,
  verifyAccessToken,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { FieldIndex } from '@behalf/http-signature'
import { checkChainStatus, checkRevokedKeys, readStatus } from './delegation-steps.ts'
import { VerifierError } from './error.ts'
import type { ReplayStore } from './replay-store.ts'
import { askStore, EXPIRES_TOLERANCE_SECONDS } from './request-steps.ts'
import type { StatusSnapshot, StatusSource } from './status-source.ts'
import type { TokenAuthority } from './token-authority.ts'
import { describeTokenChain } from './token-chain.ts'
import type { VerifiedToken, VerifiedTokens } from './verified-tokens.ts'

/** What a request shows; nothing of it is verified. */
export interface ShownToken {
  readonly token: string
  /** See `hashAccessToken`. */
  readonly hash: string
  readonly proof: string
}

/** What a token is opened with. */
export interface OpenTokenOptions {
  readonly tokens: VerifiedTokens
  /** By their origin. */
  readonly authorities: ReadonlyMap<string, TokenAuthority>
  readonly audience: string
}

/** What tells whether a token still holds, beside the authority itself. */
export interface TokenTrust {
  /** Issuers that are not trusted any more. */
  readonly distrusted: ReadonlySet<Did>
  readonly statusSource: StatusSource | undefined
}

const CREDENTIALS = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([A-Za-z0-9\-._~+/]+=*)$/u
/** Longer than any token that is taken. */
const MAX_TOKEN_BYTES = 16_384

/**
 * The one access token that a request shows, and the one proof beside it.
 *
 * @throws VerifierError header_ambiguous (a chain is shown as well), credential_missing, invalid_token (something else
 * than a token, or one as `Bearer`), invalid_dpop_proof (none)
 * @see RFC 9449 sections 4.3 and 7
 */
export function readShownToken({ values }: FieldIndex): ShownToken {
  if (values.has('signature-key') || values.has('delegation-chain')) {
    throw new VerifierError('header_ambiguous', 'a chain and a token are shown')
  }
  const authorization = values.get('authorization')
  if (authorization === undefined) throw new VerifierError('credential_missing', 'there is no access token')
  const [, scheme = '', token] = CREDENTIALS.exec(authorization) ?? []
  if (token === undefined)
    throw new VerifierError('invalid_token', 'Authorization is not a scheme with a token')
  if (scheme.toLowerCase() === 'bearer') {
    throw new VerifierError('invalid_token', 'the token is shown as if whoever has it might use it')
  }
  if (scheme.toLowerCase() !== 'dpop') {
    throw new VerifierError('credential_missing', 'Authorization has another scheme')
  }
  // Two lines are one value with a comma in it here, which is no proof.
  const proof = values.get('dpop')
  if (proof === undefined) throw new VerifierError('invalid_dpop_proof', 'there is no proof')
  return { token, hash: hashAccessToken(token), proof }
}

/**
 * The proof has a nonce of ours, where we want one.
 *
 * @param now milliseconds since the epoch
 * @throws VerifierError use_dpop_nonce
 * @see RFC 9449 section 9
 */
export function checkProofNonce({ nonce }: DpopProof, now: number, nonces: DpopNonces | undefined): void {
  if (nonces === undefined || (nonce !== undefined && nonces.isCurrent(nonce, now))) return
  throw new VerifierError('use_dpop_nonce', 'the proof has no nonce of ours, or an old one')
}

/**
 * The token: as it was verified before, or verified now with the keys of the authority that it names.
 *
 * @param now milliseconds since the epoch
 * @throws VerifierError issuer_untrusted (its authority, or the issuer it speaks of), resolution_timeout,
 * resolution_invalid; CredentialError invalid_token, audience_mismatch
 * @see RFC 9068 section 4
 */
export async function openToken(
  { token, hash }: ShownToken,
  now: number,
  settings: OpenTokenOptions,
): Promise<VerifiedToken> {
  const known = settings.tokens.find(hash)
  if (known !== undefined) return known
  // Both only say where to look for the key; what counts is read again below, from what it signed.
  const { kid, iss } = readUnverified(token)
  const authority = settings.authorities.get(iss)
  if (authority === undefined)
    throw new VerifierError('issuer_untrusted', 'the token is of no trusted authority')
  await authority.keys.find(kid)
  const { issuer, did, keys } = authority
  const claims = verifyAccessToken(token, {
    issuer,
    audience: settings.audience,
    keys: (name) => keys.held(name),
    now,
  })
  if (claims.principal.issuer !== did) {
    throw new VerifierError('issuer_untrusted', 'the authority speaks of delegations of another issuer')
  }
  return Object.freeze({ claims, chain: describeTokenChain(claims), authority, kid })
}

function readUnverified(token: string): { readonly kid: string; readonly iss: string } {
  try {
    const { header, payload } = parseCompactJws(token, { maxBytes: MAX_TOKEN_BYTES })
    const { kid } = header
    const { iss } = payload
    if (typeof kid === 'string' && typeof iss === 'string') return { kid, iss }
  } catch (cause) {
    throw new VerifierError('invalid_token', 'the token cannot be read', { cause })
  }
  throw new VerifierError('invalid_token', 'the token names no key or no authority')
}

/**
 * The proof is by the key that the token is bound to.
 *
 * @throws VerifierError key_mismatch
 * @see RFC 9449 section 4.3 point 12
 */
export function checkTokenHolder({ claims }: VerifiedToken, { jkt }: DpopProof): void {
  if (claims.jkt !== jkt) throw new VerifierError('key_mismatch', 'the token is bound to another key')
}

/** When it is asked whether a token holds. */
export interface TokenLook {
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Takes down what was known of revocations, also when that refuses. */
  readonly trail?: { status?: StatusSnapshot }
}

/**
 * The token still holds, as far as is known without asking anybody: it has not ended, its authority and the key that
 * signed it are trusted, and neither it nor any delegation or key behind it is revoked or suspended.
 *
 * @throws VerifierError invalid_token, issuer_untrusted, key_revoked, credential_revoked, credential_suspended, status_…
 */
export function checkTokenHolds(
  { claims, chain, authority, kid }: VerifiedToken,
  { now, trail }: TokenLook,
  { distrusted, statusSource }: TokenTrust,
): void {
  if (distrusted.has(authority.did)) throw new VerifierError('issuer_untrusted', 'the issuer is not trusted')
  if (authority.keys.held(kid) === undefined) {
    throw new VerifierError('invalid_token', 'the key that signed the token is the authority’s no more')
  }
  if (now >= claims.expiresAt) throw new VerifierError('invalid_token', 'the token has expired')
  if (statusSource !== undefined) {
    const status = readStatus(statusSource, authority.did)
    if (trail !== undefined) trail.status = status
    checkRevokedKeys(chain, status)
    checkChainStatus(chain, status)
  }
  authority.lists.check(claims.status, now)
}

/**
 * The proof was not used before and cannot be used again.
 *
 * @param maxAgeSeconds how old a proof may be
 * @throws VerifierError invalid_dpop_proof, replay_store_unavailable
 * @see RFC 9449 section 11.1
 */
export async function claimProof(
  store: ReplayStore,
  { jkt, jti, issuedAt }: DpopProof,
  maxAgeSeconds: number,
): Promise<void> {
  const claim = {
    // Apart from the nonces that the same key signs requests with.
    key: `dpop ${jkt}`,
    nonce: jti,
    created: issuedAt,
    keepUntil: issuedAt + (maxAgeSeconds + 2 * EXPIRES_TOLERANCE_SECONDS + 1) * 1000,
  }
  const isFirst = await askStore(() => store.claim(claim))
  if (!isFirst) throw new VerifierError('invalid_dpop_proof', 'the jti was used, or may have been')
}
