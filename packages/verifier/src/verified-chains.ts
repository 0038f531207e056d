import { type BoundedMap, createBoundedMap } from '@behalf/core'
import type { VerifiedChain } from '@behalf/credential'
import { checkPositive } from './positive.ts'

/** How much of what was verified is kept. */
export interface ChainCacheOptions {
  /** Chains kept at once, default 1,000. */
  readonly maxEntries?: number
  /** Memory for all of them together, estimated from their length, default 32 MiB. */
  readonly maxBytes?: number
  /**
   * Whether an agent that asks is told to name its chain from now on (`Signature-Key-Cache`) instead of sending it
   * with every request; default false. For an API whose requests of one agent reach one process: another process
   * does not hold the chain, answers cache_miss, and the agent sends the request a second time.
   */
  readonly offerReferences?: boolean
}

/**
 * Chains that were verified, by the digest of the bytes they were presented in. What is found saves the proofs of its links and
 * nothing else: trust, time, revoked keys, status and everything about the request are looked at again each time.
 */
export interface VerifiedChains {
  /**
   * The chain of that name, when it was verified under the trust of today.
   *
   * @param digest see `digestDelegationChain`; anything else names no chain
   */
  find(digest: string): VerifiedChain | undefined
  /** Keeps a chain whose every check passed, until others need its place. */
  keep(chain: VerifiedChain): void
  /** How many are kept. */
  size(): number
  /** Whether agents are told that they may name a chain. */
  readonly offersReferences: boolean
}

/** Default of `maxEntries`. */
export const DEFAULT_MAX_ENTRIES = 1000
/** Default of `maxBytes`. */
export const DEFAULT_MAX_BYTES = 33_554_432
/** Memory of a chain for each byte of its links: their text, and about twice as much for what was decoded. */
const MEMORY_PER_BYTE = 3
const MEMORY_PER_LINK = 4096

const NOTHING_KEPT: VerifiedChains = {
  find: () => undefined,
  keep: () => undefined,
  size: () => 0,
  offersReferences: false,
}

/**
 * Makes an empty cache.
 *
 * @param options its bounds, or `off` to keep nothing
 * @param trustEpoch changes whenever trust was withdrawn from anybody: what was verified before is not found any more
 * @throws TypeError for a bound that is not a positive number
 */
export function createVerifiedChains(
  options: ChainCacheOptions | 'off',
  trustEpoch: () => number,
): VerifiedChains {
  if (options === 'off') return NOTHING_KEPT
  const { maxEntries = DEFAULT_MAX_ENTRIES, maxBytes = DEFAULT_MAX_BYTES, offerReferences = false } = options
  checkPositive({ maxEntries, maxBytes })
  const limit = { maxWeight: maxBytes, weigh: estimateMemory }
  let epoch = trustEpoch()
  let chains = createBoundedMap<VerifiedChain>(maxEntries, limit)
  const trustedChains = (): BoundedMap<VerifiedChain> => {
    if (epoch !== trustEpoch()) {
      epoch = trustEpoch()
      chains = createBoundedMap<VerifiedChain>(maxEntries, limit)
    }
    return chains
  }
  return {
    find: (digest) => trustedChains().get(digest),
    // The name comes from the links that were verified, so that no chain can be kept under the name of another.
    keep: (chain) => trustedChains().set(chain.digest, chain),
    size: () => trustedChains().size,
    offersReferences: offerReferences,
  }
}

function estimateMemory({ links }: VerifiedChain): number {
  return links.reduce((bytes, { jws }) => bytes + MEMORY_PER_LINK + MEMORY_PER_BYTE * jws.length, 0)
}
