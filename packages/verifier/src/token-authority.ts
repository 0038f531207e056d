import type { MonotonicClock } from '@behalf/core'
import type { Did } from '@behalf/did'
import type { Fetch } from './capped-fetch.ts'
import type { VerifierError } from './error.ts'
import { type AddressOptions, parseSecureUrl } from './origin.ts'
import type { SetTimer } from './timer.ts'
import { createTokenKeySource, type TokenKeySource } from './token-keys.ts'
import { createTokenLists, type TokenLists } from './token-lists.ts'

/** Whose tokens count. */
export interface TrustedAuthority {
  /** Its origin, exact, as in its metadata (RFC 8414) and in `iss` of its tokens. */
  readonly issuer: string
  /** The issuer of the delegations that it exchanges; its tokens count for no other principal's issuer. */
  readonly did: Did
}

/** A trusted authority, its keys and its lists. */
export interface TokenAuthority extends TrustedAuthority {
  readonly keys: TokenKeySource
  readonly lists: TokenLists
}

/** What keys and lists are fetched with. */
export interface TokenAuthorityOptions extends AddressOptions {
  readonly fetch: Fetch
  readonly setTimer: SetTimer
  readonly clock: () => number
  readonly monotonicClock: MonotonicClock
  readonly pollSeconds: number
  readonly maxStalenessSeconds: number
  readonly timeoutSeconds: number
  readonly reportFault: (fault: VerifierError) => void
}

/**
 * The trusted authorities by their origin; nothing is fetched yet.
 *
 * @throws TypeError for an empty list, an origin that is not exact or not on https, a DID that is none, or one authority
 * named twice
 */
export function createTokenAuthorities(
  authorities: readonly TrustedAuthority[],
  options: TokenAuthorityOptions,
): ReadonlyMap<string, TokenAuthority> {
  if (authorities.length === 0) throw new TypeError('authorities: name at least one')
  const byIssuer = new Map<string, TokenAuthority>()
  for (const { issuer, did } of authorities) {
    const { origin } = parseSecureUrl(issuer, options)
    if (origin !== issuer) throw new TypeError(`authorities: write ${origin}, not ${issuer}`)
    if (!did.startsWith('did:')) throw new TypeError(`${did} is not a DID`)
    if (byIssuer.has(issuer)) throw new TypeError(`authorities: ${issuer} is named twice`)
    const keys = createTokenKeySource({ ...options, issuer })
    byIssuer.set(issuer, { issuer, did, keys, lists: createTokenLists({ ...options, issuer, keys }) })
  }
  return byIssuer
}
