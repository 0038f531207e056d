import type { HeldDelegation } from '../../src/held-delegation.ts'
import { createMemoryWallet, type MemoryWalletOptions } from '../../src/memory-wallet.ts'
import type { Wallet } from '../../src/wallet.ts'
import { createFakeApi, type FakeApi } from './fake-api.ts'
import { createFakeAuthority, type FakeAuthority } from './fake-authority.ts'
import { AGENT, AUTHORITY, createClock, createRandom, type TestClock } from './world.ts'

/** One agent with an API and an authority around it, all on one clock. */
export interface TestWallet {
  readonly wallet: Wallet
  readonly api: FakeApi
  readonly authority: FakeAuthority
  readonly clock: TestClock
  /** Seconds of every wait between polls. */
  readonly waits: number[]
}

export function createTestWallet(options: MemoryWalletOptions = {}): TestWallet {
  const clock = createClock()
  const api = createFakeApi(clock)
  const authority = createFakeAuthority(clock)
  const waits: number[] = []
  const wallet = createMemoryWallet({
    seed: AGENT.seed,
    clock,
    random: createRandom(),
    fetch: (url, init) => (url.startsWith(AUTHORITY) ? authority.fetch(url, init) : api.fetch(url, init)),
    wait: async (milliseconds) => {
      waits.push(milliseconds / 1000)
      clock.advance(milliseconds / 1000)
    },
    ...options,
  })
  return { wallet, api, authority, clock, waits }
}

/** Ids in the order of the wallet. */
export function ids(delegations: readonly HeldDelegation[]): readonly string[] {
  return delegations.map(({ id }) => id)
}
