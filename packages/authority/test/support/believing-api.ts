import {
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  createStatusSource,
  type PollingStatusSource,
  type StatusMark,
} from '@behalf/verifier'
import { protect } from '@behalf/verifier/fetch'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { seedOf, type World, whenDone } from './authority-world.ts'

export const API = 'https://api.test'

/** An API that believes this authority, and what its agents get from it. */
export interface Api {
  readonly source: PollingStatusSource
  readonly call: (request: Request) => Promise<Response>
  /** The wallet of a party, which reaches the API and the authority. */
  readonly wallet: (name: string) => Wallet
}

export async function createApi(world: World, marks = new Map<string, StatusMark>()): Promise<Api> {
  const { authority, origin, clock } = world
  const did = authority.issuerDid
  const source = createStatusSource({
    issuers: [{ did, url: `${origin}/status/heartbeat` }],
    clock,
    // Polls when the test says so.
    setTimer: () => () => {},
    reportFault: () => {},
    state: {
      load: (issuer) => marks.get(issuer),
      save: (issuer, mark) => void marks.set(issuer, mark),
    },
  })
  whenDone(() => source.close())
  await source.poll()
  const replayStore = createMemoryReplayStore({ clock })
  const verifier = createRequestVerifier({
    origins: [API],
    trustedIssuers: [did],
    statusSource: source,
    replayStore,
    useCounter: createMemoryUseCounter(),
    clock,
    reportFault: () => {},
  })
  clock.advance(6)
  const call = protect(verifier, (_request, { agent, principal }) => Response.json({ agent, principal }))
  return { source, call, wallet: (name) => createApiWallet(name, { call, clock }) }
}

function createApiWallet(name: string, { call, clock }: Pick<Api, 'call'> & Pick<World, 'clock'>): Wallet {
  return createMemoryWallet({
    seed: seedOf(name),
    clock,
    wait: async (milliseconds) => clock.advance(milliseconds / 1000),
    fetch: (url, init) =>
      String(url).startsWith(API) ? call(new Request(String(url), init)) : fetch(url, init),
  })
}
