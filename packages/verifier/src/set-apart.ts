import type { ReplayStore } from './replay-store.ts'
import type { UseCounter } from './use-counter.ts'

/** Before the names of what was only observed; no DID and no digest begins like this. */
const OBSERVED = 'observed '

/** What a verifier claims and counts with. */
export interface ClaimStores {
  readonly replayStore: ReplayStore
  readonly useCounter: UseCounter
}

/**
 * The same stores, in which nonces and uses have names of their own: what is claimed and counted through these takes
 * nothing from a verifier that enforces, whether it shares the stores or comes after.
 */
export function setApart({ replayStore, useCounter }: ClaimStores): ClaimStores {
  return {
    replayStore: setClaimsApart(replayStore),
    useCounter: {
      count: (uses) => useCounter.count(uses.map((use) => ({ ...use, digest: OBSERVED + use.digest }))),
    },
  }
}

/** The same for claims alone. */
export function setClaimsApart(replayStore: ReplayStore): ReplayStore {
  return { claim: (claim) => replayStore.claim({ ...claim, key: OBSERVED + claim.key }) }
}
