import { createBoundedMap } from '@behalf/core'
import type { AccessTokenClaims } from '@behalf/credential'
import { checkPositive } from './positive.ts'
import type { ProvenChain } from './proven-chain.ts'
import type { TokenAuthority } from './token-authority.ts'

/** An access token that one of the trusted authorities signed for this API. */
export interface VerifiedToken {
  readonly claims: AccessTokenClaims
  /** What it says of the chain that it was exchanged for. */
  readonly chain: ProvenChain
  readonly authority: TokenAuthority
  /** Name of the key that signed it. */
  readonly kid: string
}

/** How much of what was verified is kept. */
export interface TokenCacheOptions {
  /** Tokens kept at once, default 1,000. */
  readonly maxEntries?: number
  /** Memory for all of them together, estimated from their length, default 16 MiB. */
  readonly maxBytes?: number
}

/**
 * Tokens that were verified, by their hash. What is found saves the signature of the authority and nothing else: the
 * proof of the agent, time, status, and whether the key of the authority still counts are looked at each time.
 */
export interface VerifiedTokens {
  /** @param hash see `hashAccessToken` */
  find(hash: string): VerifiedToken | undefined
  /** Keeps a token whose every check passed, until others need its place. */
  keep(hash: string, token: VerifiedToken, length: number): void
  /** How many are kept. */
  size(): number
}

const DEFAULT_MAX_ENTRIES = 1000
const DEFAULT_MAX_BYTES = 16_777_216
/** Memory of what was decoded, for each byte of the token, and for the token as such. */
const MEMORY_PER_BYTE = 2
const MEMORY_PER_TOKEN = 4096

const NOTHING_KEPT: VerifiedTokens = { find: () => undefined, keep: () => undefined, size: () => 0 }

/**
 * Makes an empty cache.
 *
 * @param options its bounds, or `off` to keep nothing
 * @throws TypeError for a bound that is not a positive number
 */
export function createVerifiedTokens(options: TokenCacheOptions | 'off' = {}): VerifiedTokens {
  if (options === 'off') return NOTHING_KEPT
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES } = options
  checkPositive({ maxEntries, maxBytes })
  const tokens = createBoundedMap<{ readonly token: VerifiedToken; readonly weight: number }>(maxEntries, {
    maxWeight: maxBytes,
    weigh: ({ weight }) => weight,
  })
  return {
    find: (hash) => tokens.get(hash)?.token,
    keep: (hash, token, length) => {
      tokens.set(hash, { token, weight: MEMORY_PER_TOKEN + MEMORY_PER_BYTE * length })
    },
    size: () => tokens.size,
  }
}
