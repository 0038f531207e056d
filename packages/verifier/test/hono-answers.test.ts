import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { encodeUtf8 } from '@behalf/core'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { describe, expect, test, vi } from 'vitest'
import { answerRequestErrors, protect } from '../src/hono.ts'
import { type IncomingRequest, VerifierError } from '../src/index.ts'
import type { AcceptedRequest, ObservingGuard, RequestGuard } from '../src/request-guard.ts'

const URL_OF_API = 'https://api.test/v1/issues'

interface Guarded {
  readonly guard: RequestGuard<AcceptedRequest>
  readonly abort: AbortController
  readonly seen: IncomingRequest[]
}

/** A guard that accepts what comes, so that only what the adapter does of its own shows. */
function acceptAll(body = new Uint8Array()): Guarded {
  const abort = new AbortController()
  const seen: IncomingRequest[] = []
  const guard: RequestGuard<AcceptedRequest> = {
    requestId: () => 'id',
    verify: async (request) => {
      seen.push(request)
      return { requestId: 'id', body, signal: abort.signal, answerHeaders: [['X-Own', 'yes']] }
    },
    refuse: (error) => ({
      status: 400,
      headers: [],
      body: error instanceof VerifierError ? error.code : 'other',
    }),
  }
  return { guard, abort, seen }
}

function streaming(guard: RequestGuard<AcceptedRequest> | ObservingGuard<AcceptedRequest>): Hono {
  const app = new Hono()
  app.use(protect<AcceptedRequest>(guard))
  app.all('*', () => new Response(new ReadableStream({ start: (c) => c.enqueue(encodeUtf8('first')) })))
  return app
}

/** Reads the first part of an answer, lets its chain die and tells what the next read does. */
async function readPastDeath(answer: Response, abort: AbortController): Promise<string> {
  const reader = answer.body?.getReader()
  await reader?.read()
  abort.abort(new Error('the chain died'))
  const next = await Promise.race([
    reader?.read().then(
      () => 'goes on',
      (error: Error) => error.message,
    ),
    new Promise<string>((resolve) => setImmediate(() => setImmediate(resolve, 'goes on'))),
  ])
  await reader?.cancel().catch(() => undefined)
  return next ?? 'no body'
}

describe('an answer of Hono', () => {
  test('ends with its chain, and keeps its status and what the verifier adds', async () => {
    const { guard, abort } = acceptAll()
    const answer = await streaming(guard).request(URL_OF_API)
    expect([answer.status, answer.headers.get('x-own'), answer.headers.get('request-id')]).toEqual([
      200,
      'yes',
      'id',
    ])
    expect(await readPastDeath(answer, abort)).toBe('the chain died')
  })

  test('on Node is cut at the connection, and its body left as it is', async () => {
    const { guard, abort } = acceptAll()
    const outgoing = { once: vi.fn(), destroy: vi.fn() }
    const answer = await streaming(guard).request(URL_OF_API, {}, { outgoing })
    expect(outgoing.once).toHaveBeenCalledOnce()
    expect(await readPastDeath(answer, abort)).toBe('goes on')
    expect(outgoing.destroy).toHaveBeenCalledOnce()
  })

  test.each<[string, unknown]>([
    ['a text', 'outgoing'],
    ['nothing', null],
    ['an environment without an answer', {}],
    ['an answer that is null', { outgoing: null }],
    ['an answer that is a text', { outgoing: 'once' }],
    ['an answer that tells of no end', { outgoing: { destroy: () => undefined } }],
    ['a function', { outgoing: Object.assign(() => undefined, { once: () => undefined }) }],
  ])('beside %s is the answer of another runtime', async (_, env) => {
    const { guard, abort } = acceptAll()
    const answer = await streaming(guard).request(URL_OF_API, {}, env as object)
    expect(await readPastDeath(answer, abort)).toBe('the chain died')
  })

  test('of a verifier that observes is never cut', async () => {
    const { abort } = acceptAll()
    const guard: ObservingGuard<AcceptedRequest> = {
      mode: 'observe',
      requestId: () => 'id',
      verify: async () => ({
        requestId: 'id',
        verified: { requestId: 'id', body: new Uint8Array(), signal: abort.signal },
      }),
      refuse: () => ({ status: 400, headers: [], body: '' }),
    }
    const answer = await streaming(guard).request(URL_OF_API)
    expect(await readPastDeath(answer, abort)).toBe('goes on')
  })
})

describe('a request that Hono', () => {
  test.each<[string, unknown]>([
    ['null', { incoming: null }],
    ['a text', { incoming: 'rawHeaders' }],
    ['a request of something else', { incoming: { rawHeaders: ['Host', 'other.test'] } }],
    ['one without headers', { incoming: { readableDidRead: false } }],
    ['a function', { incoming: Object.assign(() => undefined, { rawHeaders: [], readableDidRead: false }) }],
    ['no environment', null],
  ])('got beside %s is the web request', async (_, env) => {
    const { guard, seen } = acceptAll()
    const answer = await streaming(guard).request(URL_OF_API, {}, env as object)
    await answer.body?.cancel()
    expect([answer.status, seen[0]?.target]).toEqual([200, '/v1/issues'])
  })

  test('read is not made anew where there is no body', async () => {
    const { guard } = acceptAll()
    let isSame: boolean | undefined
    const app = new Hono()
    const raws: Request[] = []
    app.use(async (context, next) => {
      raws.push(context.req.raw)
      await next()
    })
    app.use(protect(guard))
    app.post('*', (context) => {
      isSame = context.req.raw === raws[0]
      return context.text('ok')
    })
    await app.request(URL_OF_API, { method: 'POST' })
    expect(isSame).toBe(true)
  })

  test('could not make keeps the reason', () => {
    let refused: unknown
    const respond = answerRequestErrors({
      requestId: () => 'id',
      refuse: (error) => {
        refused = error
        return { status: 400, headers: [], body: '' }
      },
    })
    const cause = Object.assign(new Error('Invalid host header'), { name: 'RequestError' })
    expect(respond(cause).status).toBe(400)
    expect(refused).toMatchObject({ code: 'request_malformed', cause })
  })
})

test('a handler on Node is told when the caller of a request with a body leaves', async () => {
  const { guard } = acceptAll(new TextEncoder().encode('verified'))
  const app = new Hono()
  const left = Promise.withResolvers<string>()
  const reached = Promise.withResolvers<void>()
  app.use(protect<AcceptedRequest>(guard))
  app.all('*', async (c) => {
    const { signal } = c.req.raw
    signal.addEventListener('abort', () => left.resolve('told'), { once: true })
    reached.resolve()
    await left.promise
    return c.text(await c.req.text())
  })
  const server = createServer(getRequestListener(app.fetch))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const leaving = new AbortController()
  const { port } = server.address() as AddressInfo
  const init = { method: 'POST', body: 'verified', signal: leaving.signal }
  const answer = fetch(`http://127.0.0.1:${port}/`, init).catch(() => 'left')
  await reached.promise
  leaving.abort()
  expect(await answer).toBe('left')
  expect(await left.promise).toBe('told')
  server.close()
})
