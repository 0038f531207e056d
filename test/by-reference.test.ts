import { createMemoryReplayStore, createMemoryUseCounter, createRequestVerifier } from '@behalf/verifier'
import { protect } from '@behalf/verifier/fetch'
import { createMemoryWallet } from '@behalf/wallet'
import { expect, test } from 'vitest'
import { createBenchStatus, createParty, issuer, ORIGIN, signChain } from './bench/bench-world.ts'

const status = await createBenchStatus()

/** One process of an API that offers to be told the name of a chain instead of the chain. */
function createApi(): (request: Request) => Promise<Response> {
  const verifier = createRequestVerifier({
    origins: [ORIGIN],
    trustedIssuers: [issuer.did],
    statusSource: status,
    // Running for a while: a new one cannot know what was accepted just before.
    replayStore: createMemoryReplayStore({ clock: () => Date.now() - 60_000 }),
    useCounter: createMemoryUseCounter(),
    chainCache: { offerReferences: true },
  })
  return protect(verifier, (_request, { chain }) => Response.json({ links: chain.links.length }))
}

test('the wallet names its chain to the API that holds it, and shows it to one that does not', async () => {
  const seed = new Uint8Array(32).fill(7)
  const processes = [createApi(), createApi()]
  const sent: string[] = []
  let turn = 0
  const wallet = createMemoryWallet({
    seed,
    fetch: async (url, init) => {
      const request = new Request(url, init)
      const api = processes[turn]
      if (api === undefined) throw new Error('no such process')
      const response = await api(request.clone())
      const scheme = request.headers.get('signature-key')?.replace(/;.*/, '')
      sent.push(`${scheme} ${request.headers.has('delegation-chain')} ${response.status}`)
      return response
    },
  })
  const { links } = await signChain([createParty(), createParty(), createParty(seed)])
  await wallet.receive(links)
  const call = async (): Promise<unknown> => {
    const response = await wallet.fetch(`${ORIGIN}/v1/items`, { method: 'POST', body: '{"x":1}' })
    return response.json()
  }
  const answers = [await call(), await call()]
  turn = 1
  answers.push(await call(), await call())
  expect(answers).toEqual(Array.from({ length: 4 }, () => ({ links: 3 })))
  expect(sent).toEqual([
    'sig=jwt true 200',
    'sig=cached false 200',
    'sig=cached false 401',
    'sig=jwt true 200',
    'sig=cached false 200',
  ])
})
