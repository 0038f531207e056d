import type { Did } from '@behalf/did'
import {
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  createStatusSource,
} from '@behalf/verifier'
import { API, type HandedAgent, handOver } from './handed-agent.ts'

/** An API that hears from its authority through a network only. */
export interface NetworkedApi {
  /** What it says to a fresh request of an agent. */
  ask(agent: HandedAgent): Promise<string>
  /** Of the heartbeat that it holds; undefined when it holds none that it believes. */
  sequence(): number | undefined
  close(): void
}

/** Where the authority says that it is, and where it is reached. */
export interface NetworkedApiOptions {
  readonly issuer: Did
  readonly origin: string
  readonly reachedAt: string
  readonly maxStalenessSeconds: number
  /** After so long an answer is given up. */
  readonly timeoutSeconds: number
}

/** It follows the stream of its authority, and holds status when this resolves. */
export async function openNetworkedApi(options: NetworkedApiOptions): Promise<NetworkedApi> {
  const { issuer, origin, reachedAt, maxStalenessSeconds, timeoutSeconds } = options
  const statusSource = createStatusSource({
    issuers: [{ did: issuer, url: `${origin}/status/heartbeat` }],
    stream: true,
    fetch: (url, init) => fetch(url.replace(origin, reachedAt), init),
    pollSeconds: 0.5,
    timeoutSeconds,
    maxStalenessSeconds,
    reportFault: () => undefined,
  })
  // The stores began a minute ago, so that nothing has to be waited out.
  let isOpen = false
  const clock = (): number => Date.now() - (isOpen ? 0 : 60_000)
  const verifier = createRequestVerifier({
    origins: [API],
    trustedIssuers: [issuer],
    statusSource,
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    reportFault: () => undefined,
  })
  isOpen = true
  await statusSource.ready()
  return {
    ask: (agent) => handOver(verifier, agent),
    sequence: () => {
      try {
        return statusSource.read(issuer).sequence
      } catch {
        return undefined
      }
    },
    close: () => statusSource.close(),
  }
}
