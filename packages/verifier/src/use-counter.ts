import { type Clock, systemClock } from '@behalf/core'
import { checkPositive } from './positive.ts'

/** One link whose uses are limited. */
export interface LimitedUse {
  /** Digest of the link's bytes, `sha-256:…`; after `observed ` when an observing verifier counts. */
  readonly digest: string
  /** Uses allowed in all, at least 1. */
  readonly limit: number
  /** When the link can no longer be accepted, milliseconds. */
  readonly keepUntil: number
}

/** Counts the uses of links that have `maxUses`. */
export interface UseCounter {
  /**
   * Counts one use of every link, or of none.
   *
   * @returns false when a link has no use left, or when its count may have been forgotten: nothing was counted
   * @throws any error when it cannot decide: the request is refused with replay_store_unavailable
   */
  count(uses: readonly LimitedUse[]): boolean | Promise<boolean>
}

/** Options of `createMemoryUseCounter`. */
export interface MemoryUseCounterOptions {
  readonly clock?: Clock
  /** Links counted at once; when full, every new link is refused by an error. Default 1,000,000. */
  readonly maxEntries?: number
}

interface Count {
  uses: number
  readonly keepUntil: number
}

const DEFAULT_MAX_ENTRIES = 1_000_000
const FIRST_SWEEP = 1024

/**
 * A counter for an API that runs as one process. It starts from zero with the process: where `maxUses` must hold
 * across restarts or replicas, use a store that does.
 */
export function createMemoryUseCounter(options: MemoryUseCounterOptions = {}): UseCounter {
  const { clock = systemClock, maxEntries = DEFAULT_MAX_ENTRIES } = options
  checkPositive({ maxEntries })
  const counts = new Map<string, Count>()
  // No count that is gone ended later, so what ends later is known, even after the clock went forward and back.
  let forgottenUntil = Number.NEGATIVE_INFINITY
  let sweepAt = FIRST_SWEEP

  function forgetEnded(now: number): void {
    for (const [digest, { keepUntil }] of counts) {
      if (keepUntil > now) continue
      counts.delete(digest)
      forgottenUntil = Math.max(forgottenUntil, keepUntil)
    }
    sweepAt = Math.max(FIRST_SWEEP, 2 * counts.size)
  }

  return {
    count(uses) {
      const now = clock()
      if (uses.some(({ keepUntil }) => keepUntil <= now || keepUntil <= forgottenUntil)) return false
      if (uses.some(({ digest, limit }) => (counts.get(digest)?.uses ?? 0) >= limit)) return false
      if (counts.size >= sweepAt || counts.size + uses.length > maxEntries) forgetEnded(now)
      if (counts.size + uses.length > maxEntries) throw new Error('the use counter is full')
      for (const { digest, keepUntil } of uses) {
        const count = counts.get(digest) ?? { uses: 0, keepUntil }
        count.uses += 1
        counts.set(digest, count)
      }
      return true
    },
  }
}
