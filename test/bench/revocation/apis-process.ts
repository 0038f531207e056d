import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createMemoryReplayStore,
  createMemoryUseCounter,
  createRequestVerifier,
  createStatusSource,
} from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { createMemoryWallet } from '@behalf/wallet'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { takeOrders } from '../../faults/support/child.ts'
import {
  processorTime,
  type ReaderOrder,
  type ReaderReport,
  sharedTime,
  type WatchedChain,
} from './messages.ts'
import { createRefusals } from './refusals.ts'

// Complete APIs in one process: each has a server, a verifier with its middleware and a stream of its own. Requests are
// signed before; one is sent whenever the API has heard something.
interface Api {
  readonly origin: string
  /** Requests that wait to be sent; each can be used once. */
  readonly prepared: (() => Promise<Response>)[]
}

const REQUESTS_PER_CHAIN = 4
const refusals = createRefusals()
const apis: Api[] = []
let accepting = 0

takeOrders<ReaderOrder, ReaderReport>(async (order) => {
  if (order.do === 'open') {
    for (let count = 0; count < order.count; count += 1) apis.push(await openApi(order))
  }
  if (order.do === 'watch') await watch(order.chain)
  if (order.do === 'wait') await refusals.wait(apis.length, order.seconds)
  return {
    origins: apis.map(({ origin }) => origin),
    accepting,
    refusedAt: refusals.times(),
    processorTime: processorTime(),
  }
})

async function openApi({
  origin: authority,
  issuer,
}: {
  readonly origin: string
  readonly issuer: string
}): Promise<Api> {
  const app = new Hono()
  const server = createServer(getRequestListener((request, env) => app.fetch(request, env)))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const statusSource = createStatusSource({
    issuers: [{ did: issuer, url: `${authority}/status/heartbeat` }],
    stream: true,
  })
  // The stores began a minute ago, so that nothing has to be waited out.
  let isOpen = false
  const clock = (): number => Date.now() - (isOpen ? 0 : 60_000)
  const verifier = createRequestVerifier({
    origins: [origin],
    trustedIssuers: [issuer],
    statusSource,
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
    auditSink: { record: () => undefined },
  })
  app.get('/items', protect(verifier), (context) => context.json({ items: [] }))
  isOpen = true
  await statusSource.ready()
  const api: Api = { origin, prepared: [] }
  statusSource.onChange(() => void tryNext(api))
  return api
}

async function watch(chain: WatchedChain): Promise<void> {
  refusals.forget()
  for (const api of apis)
    api.prepared.splice(0, Number.POSITIVE_INFINITY, ...(await prepare(api.origin, chain)))
  const answers = await Promise.all(apis.map(async ({ prepared }) => prepared.shift()?.()))
  accepting = answers.filter((answer) => answer?.status === 200).length
}

async function tryNext(api: Api): Promise<void> {
  const answer = await api.prepared.shift()?.()
  if (answer?.status === 401) {
    const refusedAt = sharedTime()
    const { code } = await answer.json()
    if (code === 'credential_revoked') refusals.note(api, refusedAt)
  }
}

/** Requests that are signed and not sent. */
async function prepare(
  origin: string,
  { links, seed }: WatchedChain,
): Promise<readonly (() => Promise<Response>)[]> {
  const requests: (() => Promise<Response>)[] = []
  const wallet = createMemoryWallet({
    seed,
    fetch: async (url, init) => {
      requests.push(() => fetch(url, init))
      return new Response()
    },
  })
  await wallet.receive(links)
  for (let count = 0; count < REQUESTS_PER_CHAIN; count += 1) await wallet.fetch(`${origin}/items`)
  return requests
}
