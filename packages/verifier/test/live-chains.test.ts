import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { suspensionListUrl } from '@behalf/credential'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { streamSSE } from 'hono/streaming'
import { describe, expect, test } from 'vitest'
import { protect as protectExpress } from '../src/express.ts'
import { protect as protectFetch } from '../src/fetch.ts'
import { protect as protectHono } from '../src/hono.ts'
import {
  type RequestVerifier,
  type StatusSnapshot,
  type StatusSource,
  type VerifiedRequest,
  VerifierError,
} from '../src/index.ts'
import { agentB, agentC, issuer, otherIssuer } from './support/agents.ts'
import { makeRequest } from './support/b0.ts'
import { LIST_URL, makeChain, NOW } from './support/chain.ts'
import { withServer } from './support/servers.ts'
import { makeTimer } from './support/status-server.ts'
import { portOf } from './support/wire.ts'
import { codeOf, makeList, makeObserver, makeWorld } from './support/world.ts'

const chain = await makeChain()
const SUSPENSIONS_URL = suspensionListUrl(LIST_URL)
const lists = {
  empty: await makeList(),
  revoked: await makeList([101]),
  suspended: await makeList([100], SUSPENSIONS_URL),
}
const LOOK_MS = 1000

/** A status source whose word changes, and that tells of it. */
interface Source extends StatusSource {
  readonly listeners: Set<(did: string) => void>
  say: () => StatusSnapshot
  isIssuerKeyRevoked: (kid: string) => boolean
  /** From now on this is so, and whoever listens is told of news of that issuer. */
  readonly change: (say: () => StatusSnapshot, did?: string) => void
}

const saying =
  (list = lists.empty, keys: readonly string[] = []) =>
  (): StatusSnapshot => ({
    lists: (url) => (url === LIST_URL ? list : undefined),
    isKeyRevoked: (did) => keys.includes(did),
    time: NOW,
    epoch: 1,
    sequence: 1,
  })

const suspending = (): StatusSnapshot => {
  const snapshot = saying()()
  return {
    ...snapshot,
    lists: (url) => (url === SUSPENSIONS_URL ? lists.suspended : snapshot.lists(url)),
  }
}

const silent = (): never => {
  throw new VerifierError('status_stale', 'no heartbeat came')
}

function makeSource(): Source {
  const listeners = new Set<(did: string) => void>()
  const source: Source = {
    listeners,
    say: saying(),
    isIssuerKeyRevoked: () => false,
    read: () => source.say(),
    ready: () => Promise.resolve(),
    close: () => undefined,
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    change: (say, did = issuer.did) => {
      source.say = say
      for (const listener of listeners) listener(did)
    },
  }
  return source
}

function setUp() {
  const source = makeSource()
  const timer = makeTimer()
  const world = makeWorld({ statusSource: source, setTimer: timer.setTimer })
  const accept = async (): Promise<VerifiedRequest<undefined>> =>
    world.verifier.verify(await makeRequest(chain))
  return { source, timer, world, accept }
}

const reasonOf = ({ signal }: VerifiedRequest<unknown>): unknown =>
  signal.reason instanceof VerifierError ? signal.reason.code : signal.reason

describe('the signal of a verified request', () => {
  test('watches nothing until somebody looks at it, and is one', async () => {
    const { source, timer, accept } = setUp()
    const verified = await accept()
    expect([source.listeners.size, timer.pending.length]).toEqual([0, 0])
    expect(verified.signal).toBe(verified.signal)
    expect([source.listeners.size, timer.pending.length, verified.signal.aborted]).toEqual([1, 1, false])
  })

  test.each<[string, (source: Source) => void, string]>([
    ['a link', (source) => source.change(saying(lists.revoked)), 'credential_revoked'],
    ['a link but for a while', (source) => source.change(suspending), 'credential_suspended'],
    ['the key that signed', (source) => source.change(saying(lists.empty, [agentC.did])), 'key_revoked'],
    ['a key above', (source) => source.change(saying(lists.empty, [agentB.did])), 'key_revoked'],
  ])('is aborted at once when %s is revoked, and then nothing is watched', async (_title, happen, code) => {
    const { source, timer, accept } = setUp()
    const verified = await accept()
    const { signal } = verified
    const aborted = once(signal, 'abort')
    happen(source)
    await aborted
    expect(reasonOf(verified)).toBe(code)
    expect([source.listeners.size, timer.pending.length]).toEqual([0, 0])
  })

  test('is aborted when the issuer is trusted no more', async () => {
    const { world, accept } = setUp()
    const verified = await accept()
    expect(verified.signal.aborted).toBe(false)
    world.verifier.distrustIssuer(issuer.did)
    expect(reasonOf(verified)).toBe('issuer_untrusted')
  })

  test('is aborted when the issuer revokes its key, and no request is accepted any more', async () => {
    const { source, world, accept } = setUp()
    const verified = await accept()
    expect(verified.signal.aborted).toBe(false)
    source.isIssuerKeyRevoked = (kid) => kid === issuer.kid
    source.change(saying())
    expect(reasonOf(verified)).toBe('issuer_untrusted')
    expect(await codeOf(await makeRequest(chain), world)).toBe('issuer_untrusted')
  })

  test('is aborted when a link ends', async () => {
    const { world, timer, accept } = setUp()
    const verified = await accept()
    expect(verified.signal.aborted).toBe(false)
    timer.fire(LOOK_MS)
    expect(verified.signal.aborted).toBe(false)
    world.now = NOW + 600_000
    timer.fire(LOOK_MS)
    expect(reasonOf(verified)).toBe('credential_expired')
  })

  test('is aborted when nothing fresh is known, but not for a moment of it', async () => {
    const { source, timer, accept } = setUp()
    const verified = await accept()
    expect(verified.signal.aborted).toBe(false)
    source.change(silent)
    source.change(saying())
    timer.fire(LOOK_MS)
    expect(verified.signal.aborted).toBe(false)
    source.change(silent)
    expect(verified.signal.aborted).toBe(false)
    timer.fire(LOOK_MS)
    expect(reasonOf(verified)).toBe('status_stale')
  })

  test('looks each second where a source tells nothing', async () => {
    const { source, timer, accept } = setUp()
    const verified = await accept()
    expect(verified.signal.aborted).toBe(false)
    source.say = saying(lists.revoked)
    timer.fire(LOOK_MS)
    expect(reasonOf(verified)).toBe('credential_revoked')
  })

  test('has nothing to do with other issuers', async () => {
    const { source, accept } = setUp()
    const verified = await accept()
    expect(verified.signal.aborted).toBe(false)
    source.change(saying(lists.revoked), otherIssuer.did)
    expect(verified.signal.aborted).toBe(false)
  })
})

/** A server that answers at once with a first event, and with nothing more. */
interface LongAnswer {
  readonly name: string
  readonly create: (verifier: RequestVerifier<undefined>) => Server
}

const FIRST = 'data: first\n\n'

const longAnswers: readonly LongAnswer[] = [
  {
    name: 'Express',
    create: (verifier) => {
      const app = express()
      app.use(protectExpress(verifier), (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(FIRST)
      })
      return createServer(app)
    },
  },
  {
    name: 'Hono',
    create: (verifier) => {
      const app = new Hono()
      app.all('*', protectHono(verifier), (context) =>
        streamSSE(context, async (stream) => {
          await stream.writeSSE({ data: 'first' })
          await new Promise((resolve) => stream.onAbort(() => resolve(undefined)))
        }),
      )
      return createServer(getRequestListener(app.fetch))
    },
  },
  {
    name: 'Fetch',
    create: (verifier) => {
      const handler = protectFetch(
        verifier,
        () =>
          new Response(
            new ReadableStream({
              start: (controller) => controller.enqueue(new TextEncoder().encode(FIRST)),
            }),
          ),
      )
      return createServer(getRequestListener(handler))
    },
  },
]

async function sendRequest(server: Server): Promise<IncomingMessage> {
  const { method, target, headers, body } = await makeRequest(chain)
  const sent = httpRequest({ port: portOf(server), host: '127.0.0.1', method, path: target })
  for (const [name, value] of headers) sent.setHeader(name, value)
  sent.end(body)
  const [answer] = await once(sent, 'response')
  return answer
}

describe.each(longAnswers)('a long answer through the adapter of $name', ({ create }) => {
  async function open(run: (parts: ReturnType<typeof setUp> & { answer: IncomingMessage }) => Promise<void>) {
    const parts = setUp()
    const server = create(parts.world.verifier)
    await withServer(server, async () => {
      const answer = await sendRequest(server)
      const [first] = await once(answer, 'data')
      expect(String(first)).toBe(FIRST)
      await run({ ...parts, answer })
    })
  }

  test('is cut off when its chain dies, and seen to be cut off', async () => {
    await open(async ({ source, answer }) => {
      const failed = once(answer, 'error')
      source.change(saying(lists.revoked))
      const [error] = await failed
      expect(error).toMatchObject({ code: 'ECONNRESET' })
      expect([source.listeners.size, answer.complete]).toEqual([0, false])
    })
  })

  test('is watched no more when whoever asked has gone', async () => {
    await open(async ({ source, answer }) => {
      expect(source.listeners.size).toBe(1)
      answer.destroy()
      await expect.poll(() => source.listeners.size, { interval: 5 }).toBe(0)
    })
  })
})

describe('an answer of a web handler', () => {
  const answering = (body: string | null) => {
    const parts = setUp()
    const handler = new Hono()
    handler.all('*', protectHono(parts.world.verifier), () => new Response(body))
    return { ...parts, fetch: handler.fetch }
  }

  async function webRequest(): Promise<Request> {
    const { method, target, headers, body } = await makeRequest(chain)
    return new Request(`https://api.test${target}`, {
      method,
      headers: headers.map(([name, value]): [string, string] => [name, value]),
      body: new Uint8Array(body),
    })
  }

  test('comes whole, and is watched no more', async () => {
    for (const [body, text] of [
      ['whole', 'whole'],
      [null, ''],
    ] as const) {
      const { fetch, source } = answering(body)
      const response = await fetch(await webRequest())
      expect(await response.text()).toBe(text)
      expect(source.listeners.size, String(body)).toBe(0)
    }
  })

  test('cannot be read any more when its chain has died', async () => {
    const { fetch, source } = answering('too late')
    const response = await fetch(await webRequest())
    source.change(saying(lists.revoked))
    await expect(response.text()).rejects.toMatchObject({ code: 'credential_revoked' })
  })

  test('is none of the business of a verifier that observes', async () => {
    const source = makeSource()
    const { observer } = makeObserver({ statusSource: source })
    const handler = protectFetch(observer, () => new Response('as before'))
    const response = await handler(await webRequest())
    source.change(saying(lists.revoked))
    expect([await response.text(), source.listeners.size]).toEqual(['as before', 0])
  })
})
