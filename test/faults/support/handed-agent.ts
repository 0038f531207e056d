import type { Clock } from '@behalf/core'
import { parseCapabilities } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { type RequestVerifier, VerifierError } from '@behalf/verifier'
import { type AuthorityClient, createMemoryWallet } from '@behalf/wallet'

/** The API that agents are to call. */
export const API = 'https://api.test'
const READ = parseCapabilities([{ type: 'http', locations: [API], actions: ['GET'], paths: ['/issues/**'] }])
const ALICE = { id: 'acct-42' }
const NO_BODY = new Uint8Array()
const AN_HOUR = 3600

/** What every such agent asks for. */
export const HANDED_TERMS = { onBehalfOf: ALICE, capabilities: READ, purpose: 'Sum up' } as const

/** An agent whose requests are handed over instead of sent. */
export interface HandedAgent {
  readonly did: Did
  readonly delegation: string
  /** Id of what it asked. */
  readonly request: string
  /** Compact JWS, root first. */
  readonly chain: readonly string[]
  /** The headers of a fresh request. */
  sign(): Promise<readonly (readonly [string, string])[]>
}

/** Where an agent gets its delegation. */
export interface HandedAgentOptions {
  readonly operator: AuthorityClient
  readonly origin: string
  /** Of the agent. */
  readonly clock?: Clock
  readonly seed?: Uint8Array
  /** Default: an hour. */
  readonly validForSeconds?: number
}

/** An agent with a delegation of its own, which is enrolled. */
export async function createHandedAgent(options: HandedAgentOptions): Promise<HandedAgent> {
  const { operator, origin, clock, seed, validForSeconds = AN_HOUR } = options
  let sent: readonly (readonly [string, string])[] = []
  const wallet = createMemoryWallet({
    ...(clock && { clock }),
    ...(seed && { seed }),
    fetch: async (url, init) => {
      if (!url.startsWith(API)) return fetch(url, init)
      sent = [...new Headers(init?.headers)]
      return new Response()
    },
  })
  await operator.enrol({
    agent: wallet.did,
    onBehalfOf: ALICE,
    capabilities: READ,
    maxSeconds: validForSeconds,
    maxDelegationDepth: 1,
  })
  const client = wallet.authority(origin)
  const { id } = await client.createRequest({ ...HANDED_TERMS, validForSeconds, maxDelegationDepth: 1 })
  const { chain } = await client.collect(id)
  const held = await wallet.receive(chain)
  return {
    did: wallet.did,
    delegation: held.id,
    request: id,
    chain,
    sign: async () => {
      await wallet.fetch(`${API}/issues/7`)
      return sent
    },
  }
}

/** What an API says to a fresh request of an agent: a code, or `ok`. */
export async function handOver(verifier: RequestVerifier<unknown>, agent: HandedAgent): Promise<string> {
  const headers = [['host', new URL(API).host] as const, ...(await agent.sign())]
  try {
    await verifier.verify({ method: 'GET', target: '/issues/7', headers, body: NO_BODY })
    return 'ok'
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}
