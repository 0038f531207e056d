import type { Did } from '@behalf/did'
import { readTime } from './confirmed-time.ts'
import type { ReplayStore } from './replay-store.ts'
import type { StatusSource } from './status-source.ts'
import type { VerifierState } from './verifier-meter.ts'

/** What of a verifier can be looked at. */
export interface DescribeStateOptions {
  readonly replayStore: ReplayStore
  readonly statusSource?: StatusSource | undefined
  /** Those that are trusted; looked at each time. */
  readonly issuers: Iterable<Did>
  /** How much is remembered of what was verified. */
  readonly cached: () => number
  readonly clock: () => number
}

/** The state of a verifier, for those who measure it. */
export function describeState(options: DescribeStateOptions): VerifierState {
  const { replayStore, statusSource, issuers, cached, clock } = options
  const ageOf = (issuer: Did): readonly (readonly [Did, number])[] =>
    statusSource === undefined
      ? []
      : [statusSource.heldTime?.(issuer) ?? readTime(statusSource, issuer)]
          .flat()
          .map((time) => [issuer, (clock() - time) / 1000])
  return {
    cachedChains: cached,
    replayEntries: () => replayStore.size?.(),
    statusAges: () => new Map([...issuers].flatMap(ageOf)),
  }
}
