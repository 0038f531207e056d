import { type Clock, systemClock } from '@behalf/core'
import { checkPositive } from './positive.ts'

/** One use of a nonce. */
export interface NonceClaim {
  /** The agent whose nonce it is, a DID; after `observed ` when an observing verifier claims. */
  readonly key: string
  readonly nonce: string
  /** When the signature says it was made, milliseconds. */
  readonly created: number
  /** Until when the claim must be remembered, milliseconds: no copy of the request can be accepted later. */
  readonly keepUntil: number
}

/** Remembers which nonces were used. */
export interface ReplayStore {
  /**
   * The latest time at which it took a claim before it was opened, milliseconds: a clock that is behind it is not
   * believed. Undefined when it keeps none.
   */
  readonly latestTime?: number | undefined
  /**
   * Claims a nonce, once. Atomic: of any number of claims of one (key, nonce) at most one returns true.
   *
   * @returns false when it was claimed before, or when the store cannot know (a claim made before its own start or
   * one it may have forgotten already)
   * @throws any error when it cannot decide: the request is refused with replay_store_unavailable
   */
  claim(claim: NonceClaim): boolean | Promise<boolean>
  /** Claims that are remembered, for those who measure. */
  size?(): number
}

/** How far `created` may lie ahead of the clock: what a predecessor may have accepted before this store began. */
export const CREATED_TOLERANCE_MS = 5000

/**
 * The first time, on the store's clock, at which a request signed then is accepted by a store that began without
 * knowledge of what came before. `created` is in whole seconds.
 *
 * @param startedAt milliseconds
 */
export function readyTime(startedAt: number): number {
  return (Math.floor((startedAt + CREATED_TOLERANCE_MS) / 1000) + 1) * 1000
}

/** Options of `createMemoryReplayStore`. */
export interface MemoryReplayStoreOptions {
  readonly clock?: Clock
  /** Claims remembered at once; when full, every claim is refused by an error. Default 1,000,000. */
  readonly maxEntries?: number
}

/** A `ReplayStore` in the memory of one process. */
export interface MemoryReplayStore extends ReplayStore {
  /** Clock time, in milliseconds, from which on a request signed then is accepted. */
  readonly readyAt: number
  claim(claim: NonceClaim): boolean
  size(): number
}

const DEFAULT_MAX_ENTRIES = 1_000_000
/** Expired claims forgotten per claim: two keep pace with one new claim each, the rest catches up after a pause. */
const FORGOTTEN_PER_CLAIM = 16
const SLOT_MS = 1000

/**
 * A replay store for an API that runs as one process.
 *
 * It cannot know what was accepted before it began, so it refuses everything created up to 5 seconds after that;
 * `readyAt` says when it starts to accept.
 *
 * @example
 * const replayStore = createMemoryReplayStore({ clock: Date.now })
 */
export function createMemoryReplayStore(options: MemoryReplayStoreOptions = {}): MemoryReplayStore {
  const { clock = systemClock, maxEntries = DEFAULT_MAX_ENTRIES } = options
  checkPositive({ maxEntries })
  const startedAt = clock()
  const claims = createExpiringMap(maxEntries)
  return {
    readyAt: readyTime(startedAt),
    claim({ key, nonce, created, keepUntil }) {
      if (created <= startedAt + CREATED_TOLERANCE_MS) return false
      return claims.add(`${key} ${nonce}`, keepUntil, clock())
    },
    size: () => claims.size(),
  }
}

interface ExpiringMap {
  /** False when the name is held, or may have been held and forgotten. Throws when full. */
  add(name: string, keepUntil: number, now: number): boolean
  size(): number
}

function createExpiringMap(maxEntries: number): ExpiringMap {
  const expiries = new Map<string, number>()
  const slots = new Map<number, string[]>()
  // Nothing that was forgotten ends later, so what ends later is known, even after the clock went forward and back.
  let forgottenUntil = Number.NEGATIVE_INFINITY
  let oldestSlot = Number.POSITIVE_INFINITY

  function forget(name: string, now: number): void {
    const expiry = expiries.get(name)
    if (expiry === undefined || expiry > now) return
    expiries.delete(name)
    forgottenUntil = Math.max(forgottenUntil, expiry)
  }

  function forgetExpired(now: number): void {
    for (let count = 0; count < FORGOTTEN_PER_CLAIM && oldestSlot * SLOT_MS + SLOT_MS <= now; count += 1) {
      const names = slots.get(oldestSlot)
      const name = names?.pop()
      if (name !== undefined) forget(name, now)
      if (names?.length === 0) slots.delete(oldestSlot)
      if (!slots.has(oldestSlot))
        oldestSlot = slots.size === 0 ? Number.POSITIVE_INFINITY : Math.min(...slots.keys())
    }
  }

  return {
    size: () => expiries.size,
    add(name, keepUntil, now) {
      forgetExpired(now)
      if (keepUntil <= now || keepUntil <= forgottenUntil || (expiries.get(name) ?? now) > now) return false
      if (expiries.size >= maxEntries) throw new Error('the replay store is full')
      const slot = Math.floor(keepUntil / SLOT_MS)
      const names = slots.get(slot)
      if (names === undefined) slots.set(slot, [name])
      if (names !== undefined) names.push(name)
      expiries.set(name, keepUntil)
      oldestSlot = Math.min(oldestSlot, slot)
      return true
    },
  }
}
