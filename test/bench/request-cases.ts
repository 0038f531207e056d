import { verifyEd25519 } from '@behalf/core'
import {
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  type ReplayStore,
  type RequestVerifier,
} from '@behalf/verifier'
import { createBenchStatus, createParty, issuer, ORIGIN, type Party, signChain } from './bench-world.ts'
import type { BenchCase, BenchRun } from './closed-loop.ts'
import { nameChain, type SignedRequest, showChain, signatureBaseOf, signRequest } from './signed-requests.ts'

/** A case, and what it may take. */
export interface GoalCase extends BenchCase {
  /** The case it is compared with. */
  readonly against: string
  /** How many times as long as that it may take; undefined where there is no goal. */
  readonly goal?: number
}

/** Names of the two cases that everything is compared with. */
export const BARE = 'bare verification, bytes of a shown chain'
const BARE_NAMED = 'bare verification, bytes of a named chain'

const WARM_LINKS = 3
const COLD_LINKS = [1, 2, 3, 4]

/** A verifier that has been running for a while, with stores in memory. */
export async function createBenchVerifier(replayStore?: ReplayStore): Promise<RequestVerifier> {
  return createRequestVerifier({
    origins: [ORIGIN],
    trustedIssuers: [issuer.did],
    statusSource: await createBenchStatus(),
    replayStore: replayStore ?? createMemoryReplayStore({ clock: () => Date.now() - 60_000 }),
    useCounter: createMemoryUseCounter(),
  })
}

/** Everything of ours that is measured: the bare verification, and requests whose chain is known or never seen. */
export async function createRequestCases(): Promise<readonly GoalCase[]> {
  const verifier = await createBenchVerifier()
  const { links, agent } = await signChain(Array.from({ length: WARM_LINKS }, () => createParty()))
  const shown = (): Promise<SignedRequest> => signRequest(agent, showChain(links))
  const named = (): Promise<SignedRequest> => signRequest(agent, nameChain(links))
  await verifier.verify(await shown())
  const prepare = (request: () => Promise<SignedRequest>) => (count: number) =>
    prepareRuns(count, verifier, request)
  return [
    createBareCase(BARE, agent, await shown()),
    createBareCase(BARE_NAMED, agent, await named()),
    { name: `warm, chain of ${WARM_LINKS} shown`, against: BARE, goal: 1.2, prepare: prepare(shown) },
    { name: `warm, chain of ${WARM_LINKS} named`, against: BARE_NAMED, goal: 1.1, prepare: prepare(named) },
    ...COLD_LINKS.map((links) => createColdCase(verifier, links)),
    createStrangersCase(verifier),
  ]
}

function createBareCase(name: string, { signer }: Party, request: SignedRequest): GoalCase {
  const message = signatureBaseOf(request)
  return {
    name,
    against: name,
    prepare: async (count) => {
      const signature = await signer.sign(message)
      return Array.from(
        { length: count },
        () => () => mustHold(verifyEd25519(signer.publicKey, message, signature)),
      )
    },
  }
}

/** New chains for agents whose keys were seen before, as when delegations of ten minutes are renewed. */
function createColdCase(verifier: RequestVerifier, links: number): GoalCase {
  const agents = Array.from({ length: links }, () => createParty())
  return {
    name: `cold, chain of ${links}`,
    against: BARE,
    goal: (links + 1) * 1.25,
    prepare: (count) => prepareRuns(count, verifier, () => signNewChain(agents)),
  }
}

/** New chains for agents that were never seen: their keys are decoded and imported as well. */
function createStrangersCase(verifier: RequestVerifier): GoalCase {
  return {
    name: 'cold, chain of 3, three new keys',
    against: BARE,
    prepare: (count) =>
      prepareRuns(count, verifier, () => signNewChain([createParty(), createParty(), createParty()])),
  }
}

async function signNewChain(agents: readonly Party[]): Promise<SignedRequest> {
  const { links, agent } = await signChain(agents)
  return signRequest(agent, showChain(links))
}

async function prepareRuns(
  count: number,
  verifier: RequestVerifier,
  makeRequest: () => Promise<SignedRequest>,
): Promise<readonly BenchRun[]> {
  const runs: BenchRun[] = []
  for (let index = 0; index < count; index += 1) {
    const request = await makeRequest()
    runs.push(() => verifier.verify(request))
  }
  return runs
}

function mustHold(verdict: boolean): void {
  if (!verdict) throw new Error('a signature that was just made does not verify')
}
