import {
  createKeyRequestVerifier,
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  createStatusSource,
  type MemoryReplayStore,
  type RequestGuard,
  type UseCounter,
  type VerifiedKeyRequest,
  type VerifiedRequest,
} from '@behalf/verifier'
import { ORIGINS } from './grants.ts'
import { issuer, otherIssuer } from './parties.ts'
import { NOW, type Publication, publish } from './status.ts'

/** What every verifier of the harness returns. */
export type Verified = VerifiedRequest | VerifiedKeyRequest

/** One verifier at one moment. */
export interface World {
  readonly name: string
  readonly kind: 'delegation' | 'key'
  readonly now: number
  /** Whether every request must be refused because nothing fresh is known about revocations. */
  readonly isStale: boolean
  readonly requiredContext: readonly string[]
  readonly guard: RequestGuard<Verified>
  /** The same, but it keeps nothing of what it verified: it must always decide as the other does. */
  readonly cold: RequestGuard<Verified>
  /** Faults that were reported since the last `reset`. */
  readonly faults: unknown[]
  /** Forgets nonces and uses, so that every input meets the same verifier. */
  reset(): void
}

/** All verifiers, and what their issuers publish. */
export interface Worlds {
  /** Where honest requests are accepted. */
  readonly plain: World
  /** The same verifiers earlier and later, with other options, and the one for bare keys. */
  readonly others: readonly World[]
  readonly key: World
  readonly publications: readonly Publication[]
}

/** Plants a fault between the harness and a verifier, to see that it is found. */
export type Sabotage = (guard: RequestGuard<Verified>) => RequestGuard<Verified>

interface WorldPlan {
  readonly name: string
  readonly kind?: World['kind']
  /** Seconds after `NOW`. */
  readonly at?: number
  readonly requiredContext?: readonly string[]
  /** Age of the newest heartbeat in seconds. */
  readonly heartbeatAge?: number
}

const PLANS: readonly WorldPlan[] = [
  { name: 'four seconds early', at: -4 },
  { name: 'a minute early', at: -60 },
  { name: 'after a minute', at: 60 },
  { name: 'five minutes late', at: 300 },
  { name: 'after the delegations', at: 601 },
  { name: 'context required', requiredContext: ['run', 'call'] },
  { name: 'stale status', heartbeatAge: 31 },
]

/** Makes every verifier, each with a status source that was fed signed lists and heartbeats. */
export async function createWorlds(sabotage: Sabotage = (guard) => guard): Promise<Worlds> {
  const others: World[] = []
  for (const plan of PLANS) others.push(await createWorld(plan, sabotage))
  return {
    plain: await createWorld({ name: 'plain' }, sabotage),
    key: await createWorld({ name: 'bare key', kind: 'key' }, sabotage),
    others,
    publications: await publish(NOW),
  }
}

/** A status source that asks `answers` instead of a network, once, when it is told to. */
export function createFedSource(
  publications: readonly Publication[],
  answers: ReadonlyMap<string, string>,
  now: number,
): ReturnType<typeof createStatusSource> {
  return createStatusSource({
    issuers: publications.map(({ issuer, heartbeatUrl }) => ({ did: issuer.did, url: heartbeatUrl })),
    fetch: (url) => Promise.resolve(new Response(answers.get(url) ?? null)),
    clock: () => now,
    setTimer: () => () => undefined,
    reportFault: () => undefined,
  })
}

/** What is served when nobody interferes. */
export function answersOf(publications: readonly Publication[]): Map<string, string> {
  return new Map(
    publications.flatMap(({ heartbeatUrl, heartbeat, lists }) => [[heartbeatUrl, heartbeat], ...lists]),
  )
}

async function createWorld(plan: WorldPlan, sabotage: Sabotage): Promise<World> {
  const { name, kind = 'delegation', at = 0, requiredContext = [], heartbeatAge = 0 } = plan
  const now = NOW + at * 1000
  const publications = await publish(now - heartbeatAge * 1000)
  const statusSource = createFedSource(publications, answersOf(publications), now)
  await statusSource.poll()
  const stores = createStores(now)
  const faults: unknown[] = []
  const common: GuardOptions = {
    origins: ORIGINS,
    replayStore: { claim: (claim) => stores.replay.claim(claim) },
    clock: () => now,
    reportFault: (fault) => {
      faults.push(fault)
    },
  }
  const useCounter: UseCounter = { count: (uses) => stores.uses.count(uses) }
  const more = { statusSource, requiredContext, useCounter, trustedIssuers: [issuer.did, otherIssuer.did] }
  const isKey = kind === 'key'
  const guard = isKey
    ? createKeyRequestVerifier(common)
    : createRequestVerifier({ ...common, ...more, chainCache: CHAIN_CACHE })
  const cold = isKey ? guard : createRequestVerifier({ ...common, ...more, chainCache: 'off' })
  const isStale = heartbeatAge > MAX_STALENESS_SECONDS
  const reset = (): void => {
    faults.length = 0
    Object.assign(stores, createStores(now))
  }
  const guards = { guard: sabotage(guard), cold: sabotage(cold) }
  return { name, kind, now, isStale, requiredContext, ...guards, faults, reset }
}

type GuardOptions = Parameters<typeof createKeyRequestVerifier>[0]

const MAX_STALENESS_SECONDS = 30
/** Little more than the honest chains, so that chains are forgotten, too. */
const CHAIN_CACHE = { maxEntries: 50 }

function createStores(now: number): { replay: MemoryReplayStore; uses: UseCounter } {
  // Begun long before, so that it knows of everything that can still be accepted.
  const replay = createMemoryReplayStore({ clock: () => now - 3_600_000 })
  return { replay, uses: createMemoryUseCounter({ clock: () => now }) }
}
