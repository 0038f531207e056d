import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { digestDelegationChain } from '@behalf/credential'
import { type SignatureKey, serializeSignatureKey } from '@behalf/http-signature'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { protect as protectExpress } from '../src/express.ts'
import { protect as protectFetch, verifyFetchRequest } from '../src/fetch.ts'
import { answerRequestErrors, protect as protectHono } from '../src/hono.ts'
import { createKeyRequestVerifier, createMemoryReplayStore, type IncomingRequest } from '../src/index.ts'
import { agentC } from './support/agents.ts'
import { makeApprovedChain } from './support/approval.ts'
import { addLines, makeRequest, replaceLine } from './support/b0.ts'
import { makeChain, NOW } from './support/chain.ts'
import { makeKeyRequest } from './support/key-request.ts'
import {
  adapters,
  createHonoApp,
  createHttp2Adapter,
  type Seen,
  startAdapter,
  withServer,
} from './support/servers.ts'
import { codeOfResponse, portOf, send, sendBytes, toWire, type WireResponse } from './support/wire.ts'
import { makeWorld, refusalOf } from './support/world.ts'

type Sent = IncomingRequest & { readonly body: Uint8Array }

const chain = await makeChain()
const b0 = (): Promise<Sent> => makeRequest(chain)
const change = (request: Sent, by: (request: IncomingRequest) => IncomingRequest): Sent => ({
  ...request,
  headers: by(request).headers,
})

describe.each(adapters)('the adapter of $name', (adapter) => {
  async function exchange(...requests: Sent[]): Promise<{ responses: WireResponse[]; seen: Seen[] }> {
    const seen: Seen[] = []
    return withServer(startAdapter(adapter, makeWorld().verifier, seen), async (server) => {
      const responses: WireResponse[] = []
      for (const request of requests) responses.push(await send(portOf(server), request))
      return { responses, seen }
    })
  }

  test('accepts the baseline request and hands on what was verified', async () => {
    const { responses, seen } = await exchange(await b0())
    expect(responses.map(({ status }) => status)).toEqual([200])
    const [{ verified, body } = { verified: undefined, body: '' }] = seen
    expect(verified).toMatchObject({ agent: agentC.did, principal: { id: 'person-7' } })
    expect(body).toBe('{"x":1}')
    expect(responses[0]?.headers.get('request-id')).toBe(verified?.requestId)
  })

  test('asks for the evidence of an approval, and takes it', async () => {
    const { links, field } = await makeApprovedChain()
    const { verifier } = makeWorld({ requireHumanApproval: 'proven' })
    const seen: Seen[] = []
    await withServer(startAdapter(adapter, verifier, seen), async (server) => {
      const refused = await send(portOf(server), await makeRequest(links))
      expect([refused.status, codeOfResponse(refused)]).toEqual([403, 'approval_required'])
      expect(refused.headers.get('accept-signature')).toContain('"approval-evidence"')
      const headers = [['Approval-Evidence', field]] as const
      for (const request of [await makeRequest(links, { headers }), await makeRequest(links)]) {
        expect((await send(portOf(server), request)).status).toBe(200)
      }
    })
    expect(seen.map(({ verified }) => verified.approval?.method)).toEqual(['passkey', 'passkey'])
  })

  test('accepts a request without a body', async () => {
    const { responses } = await exchange(
      await makeRequest(chain, { method: 'GET', target: '/v1/items/7', body: '' }),
    )
    expect(responses[0]?.status).toBe(200)
  })

  test('tells an agent that asks how to name its chain, and takes the name', async () => {
    const { verifier } = makeWorld({ chainCache: { offerReferences: true } })
    const cid = digestDelegationChain(chain)
    const withKey = (key: SignatureKey, without: readonly string[] = []): Promise<Sent> =>
      makeRequest(chain, { signatureKey: serializeSignatureKey('sig', key), without })
    const shown = await withKey({ scheme: 'jwt', jwt: chain.at(-1) ?? '', cache: true })
    const named = await withKey({ scheme: 'cached', cid }, ['delegation-chain'])
    await withServer(startAdapter(adapter, verifier), async (server) => {
      const missed = await send(portOf(server), named)
      expect([codeOfResponse(missed), missed.headers.get('signature-error')]).toEqual([
        'cache_miss',
        'error=cache_miss',
      ])
      const offered = await send(portOf(server), shown)
      expect(offered.status).toBe(200)
      expect(offered.headers.get('signature-key-cache')).toMatch(
        new RegExp(`^sig="${cid}";jti="urn:uuid:[0-9a-f-]{36}";expires=[0-9]{10}$`),
      )
      const accepted = await send(portOf(server), named)
      expect([codeOfResponse(accepted), accepted.headers.get('signature-key-cache')]).toEqual([
        '200',
        undefined,
      ])
    })
  })

  test('refuses a replay with a problem, a challenge and a request id', async () => {
    const request = await b0()
    const { responses, seen } = await exchange(request, request)
    const [, refused] = responses
    expect(refused?.status).toBe(401)
    expect(JSON.parse(refused?.body ?? '')).toMatchObject({
      code: 'nonce_replayed',
      request_id: refused?.headers.get('request-id'),
      retryable: true,
    })
    expect(refused?.headers.get('content-type')).toBe('application/problem+json')
    expect(refused?.headers.get('cache-control')).toBe('no-store')
    expect(refused?.headers.get('date')).toBe(new Date(NOW).toUTCString())
    expect(refused?.headers.get('www-authenticate')).toContain('error="nonce_replayed"')
    expect(seen).toHaveLength(1)
  })

  test('shows a request without a signature to nobody', async () => {
    const bare: Sent = {
      ...(await b0()),
      headers: [
        ['Host', 'api.test'],
        ['Content-Length', '7'],
      ],
    }
    const { responses, seen } = await exchange(bare)
    expect(responses.map(codeOfResponse)).toEqual(['signature_missing'])
    expect(seen).toEqual([])
  })

  test('takes the raw target, not what a parser makes of it', async () => {
    const plain = await makeRequest(chain, { method: 'GET', target: '/v1/items', body: '' })
    const { responses } = await exchange(
      { ...plain, target: '/v1/items?' },
      { ...plain, target: '/v1/%69tems' },
    )
    expect(responses.map(codeOfResponse)).toEqual(['signature_invalid', 'signature_invalid'])
  })

  test('stays alive with a header named __proto__', async () => {
    const { responses } = await exchange(
      change(await b0(), (request) => addLines(request, ['__proto__', 'x'])),
    )
    expect(responses[0]?.status).toBe(200)
  })

  test('takes a host in capitals', async () => {
    const { responses } = await exchange(
      change(await b0(), (request) => replaceLine(request, 'host', 'API.TEST')),
    )
    expect(responses[0]?.status).toBe(200)
  })

  test('refuses a body that grows beyond the cap and ends the connection', async () => {
    const request = await b0()
    const headers = request.headers.filter(([name]) => name !== 'Content-Length')
    const head = toWire({
      ...request,
      headers: [...headers, ['Transfer-Encoding', 'chunked']],
      body: new Uint8Array(),
    })
    await withServer(startAdapter(adapter, makeWorld({ maxBodyBytes: 1000 }).verifier), async (server) => {
      const chunk = `3e8\r\n${'x'.repeat(1000)}\r\n`
      const [response] = await sendBytes(portOf(server), Buffer.concat([head, Buffer.from(chunk + chunk)]))
      expect(response?.status).toBe(413)
      if (adapter.name !== 'Fetch') expect(response?.headers.get('connection')).toBe('close')
      expect(codeOfResponse(response ?? { status: 0, headers: new Map(), body: '' })).toBe(
        'request_too_large',
      )
    })
  })

  test('gives up a body that does not arrive in time', async () => {
    const request = await b0()
    const bytes = toWire(request)
    await withServer(
      startAdapter(adapter, makeWorld({ bodyTimeoutSeconds: 0.05 }).verifier),
      async (server) => {
        const [response] = await sendBytes(portOf(server), bytes.subarray(0, bytes.length - 3))
        expect(response?.status).toBe(408)
        if (adapter.name !== 'Fetch') expect(response?.headers.get('connection')).toBe('close')
      },
    )
  })
})

describe('all adapters', () => {
  test('give the same verified request', async () => {
    const request = await b0()
    const results: unknown[] = []
    for (const adapter of adapters) {
      const seen: Seen[] = []
      await withServer(startAdapter(adapter, makeWorld().verifier, seen), (server) =>
        send(portOf(server), request),
      )
      const [{ verified } = { verified: undefined }] = seen
      results.push({ ...verified, requestId: '', body: new Uint8Array(verified?.body ?? []) })
    }
    expect(results).toHaveLength(3)
    expect(results[0]).toMatchObject({ agent: agentC.did, body: request.body })
    expect(results[1]).toEqual(results[0])
    expect(results[2]).toEqual(results[0])
  })
})

describe.each(adapters.filter(({ name }) => name !== 'Fetch'))('what $name sees on the wire', (adapter) => {
  async function codeOf(by: (request: IncomingRequest) => IncomingRequest): Promise<string> {
    const request = await b0()
    return withServer(startAdapter(adapter, makeWorld().verifier), async (server) =>
      codeOfResponse(await send(portOf(server), { ...request, ...by(request), body: request.body })),
    )
  }

  test.each<[string, (request: IncomingRequest) => IncomingRequest, string]>([
    ['two content types', (r) => addLines(r, ['Content-Type', 'text/plain']), 'header_ambiguous'],
    [
      'two authorizations',
      (r) => addLines(r, ['Authorization', 'Bearer x'], ['Authorization', 'Bearer x']),
      'header_ambiguous',
    ],
    ['two chains', (r) => addLines(r, ['Delegation-Chain', '"x"']), 'header_ambiguous'],
    ['two hosts', (r) => addLines(r, ['Host', 'evil.test']), 'header_ambiguous'],
    ['an alias', (r) => addLines(r, ['signature_key', 'x']), 'header_ambiguous'],
    [
      'more lines than allowed',
      (r) => addLines(r, ...Array.from({ length: 150 }, (_, i) => [`x-${i}`, 'y'] as const)),
      'header_too_large',
    ],
    ['another origin in absolute form', (r) => ({ ...r, target: 'http://evil/v1/items' }), 'target_mismatch'],
    ['dot segments', (r) => ({ ...r, target: '/v1/items/..' }), 'target_ambiguous'],
    ['an invalid escape', (r) => ({ ...r, target: '/v1/%zz' }), 'target_ambiguous'],
    ['an escaped NUL', (r) => ({ ...r, target: '/v1/items%00.json' }), 'target_ambiguous'],
  ])('%s', async (_title, by, code) => {
    expect(await codeOf(by)).toBe(code)
  })

  test.each([
    [
      'both Content-Length and Transfer-Encoding',
      'POST /v1/items HTTP/1.1\r\nHost: api.test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      'request_malformed',
    ],
    [
      'a header block that ends oddly',
      'GET /v1/items HTTP/1.1\r\nHost: api.test\r\n\rX',
      'request_malformed',
    ],
    ['something else than HTTP', '\u0016\u0003\u0001\u0002\u0000\r\n\r\n', 'request_malformed'],
    [
      'more header bytes than the parser takes',
      `GET /v1/items HTTP/1.1\r\nHost: api.test\r\nX: ${'a'.repeat(65_536)}\r\n\r\n`,
      'header_too_large',
    ],
  ])('the parser refuses %s, and the answer is a problem', async (_title, bytes, code) => {
    await withServer(startAdapter(adapter, makeWorld().verifier), async (server) => {
      const [response] = await sendBytes(portOf(server), bytes)
      expect(codeOfResponse(response ?? { status: 0, headers: new Map(), body: '' })).toBe(code)
      expect(response?.headers.get('connection')).toBe('close')
      expect(response?.headers.get('request-id')).toMatch(/^[0-9A-Z]{26}$/)
    })
  })

  test('bytes after the body are a request of their own, and malformed', async () => {
    const world = makeWorld()
    const bytes = Buffer.concat([toWire(await b0()), Buffer.from('extra bytes\r\n\r\n')])
    await withServer(startAdapter(adapter, world.verifier), async (server) => {
      const responses = await sendBytes(portOf(server), bytes)
      expect(responses.map(codeOfResponse)).toContain('request_malformed')
    })
  })

  test('a peer that goes away in the middle of its body harms nobody', async () => {
    const world = makeWorld()
    const bytes = toWire(await b0())
    await withServer(startAdapter(adapter, world.verifier), async (server) => {
      const socket = connect(portOf(server), '127.0.0.1')
      await once(socket, 'connect')
      socket.write(bytes.subarray(0, bytes.length - 3))
      await new Promise(setImmediate)
      socket.destroy()
      await once(socket, 'close')
      expect((await send(portOf(server), await b0())).status).toBe(200)
    })
  })
})

describe('Express', () => {
  test('a body parser before the verifier is a mistake that never passes', async () => {
    const world = makeWorld()
    const app = express()
    app.use(express.json(), protectExpress(world.verifier), (_request, response) => {
      response.send('handled')
    })
    await withServer(createServer(app), async (server) => {
      expect(codeOfResponse(await send(portOf(server), await b0()))).toBe('digest_mismatch')
    })
    expect(world.faults).toEqual([
      expect.objectContaining({ message: expect.stringContaining('body parser') }),
    ])
  })

  test('a body parser before the verifier does not matter without a body', async () => {
    const app = express()
    app.use(express.json(), protectExpress(makeWorld().verifier), (_request, response) => {
      response.send('handled')
    })
    const request = await makeRequest(chain, { method: 'GET', target: '/v1/items', body: '' })
    await withServer(createServer(app), async (server) => {
      expect((await send(portOf(server), request)).status).toBe(200)
    })
  })

  test('a middleware that waits for the end of a request without a body does not matter', async () => {
    const app = express()
    app.use(async (request, _response, next) => {
      for await (const _ of request) throw new Error('there is no body')
      next()
    })
    app.use(protectExpress(makeWorld().verifier), (_request, response) => {
      response.send('handled')
    })
    const request = await makeRequest(chain, {
      method: 'GET',
      target: '/v1/items',
      body: '',
      without: ['content-length'],
    })
    await withServer(createServer(app), async (server) => {
      expect((await send(portOf(server), request)).status).toBe(200)
    })
  })

  test('a refused request reaches neither handlers nor error handlers, and its connection may go on', async () => {
    const calls: string[] = []
    const app = express()
    app.use(protectExpress(makeWorld().verifier), () => {
      calls.push('handler')
    })
    app.use(((_error, _request, response, _next) => {
      calls.push('error handler')
      response.end()
    }) satisfies express.ErrorRequestHandler)
    await withServer(createServer(app), async (server) => {
      const response = await send(portOf(server), await makeRequest(chain, { target: '/v1/admin' }))
      expect(codeOfResponse(response)).toBe('scope_exceeded')
      expect(response.headers.get('connection')).not.toBe('close')
    })
    expect(calls).toEqual([])
  })

  test('errors of handlers stay errors of handlers', async () => {
    const app = express()
    app.use(protectExpress(makeWorld().verifier), () => {
      throw Object.assign(new Error('broken handler'), { status: 418 })
    })
    app.use(((error, _request, response, _next) => {
      response.status(error.status).end(error.message)
    }) satisfies express.ErrorRequestHandler)
    await withServer(createServer(app), async (server) => {
      expect(await send(portOf(server), await b0())).toMatchObject({ status: 418, body: 'broken handler' })
    })
  })
})

describe('Hono', () => {
  test('a body that was read before is a mistake that never passes', async () => {
    const world = makeWorld()
    const app = new Hono()
    app.use(async (context, next) => {
      await context.req.json()
      await next()
    })
    app.all('*', protectHono(world.verifier), (context) => context.text('handled'))
    await withServer(createServer(getRequestListener(app.fetch)), async (server) => {
      expect(codeOfResponse(await send(portOf(server), await b0()))).toBe('digest_mismatch')
    })
    expect(world.faults).toHaveLength(1)
  })

  test('what the server cannot make a web request of has a code, too', async () => {
    const { verifier } = makeWorld()
    const errorHandler = answerRequestErrors(verifier)
    const listener = getRequestListener(createHonoApp(verifier, []).fetch, { errorHandler })
    await withServer(createServer(listener), async (server) => {
      const refused = await send(
        portOf(server),
        change(await b0(), (request) => replaceLine(request, 'host', '[fe80::1%25eth0]')),
      )
      expect(refused).toMatchObject({ status: 400 })
      expect(codeOfResponse(refused)).toBe('request_malformed')
      expect(refused.headers.get('request-id')).toMatch(/^[0-9A-Z]{26}$/)
    })
  })

  test('what fails for another reason on the way is our fault', async () => {
    const response = answerRequestErrors(makeWorld().verifier)(new Error('broken'))
    expect(await response.json()).toMatchObject({ code: 'internal_error', status: 500 })
  })

  test('a mounted application verifies what was sent', async () => {
    const seen: Seen[] = []
    const inner = new Hono()
    inner.all('/items', protectHono(makeWorld().verifier), (context) => {
      seen.push({ verified: context.get('behalf'), body: '' })
      return context.text('handled')
    })
    const app = new Hono()
    app.mount('/v1', inner.fetch, {
      replaceRequest: (request) => new Request('http://api.test/items', request),
    })
    await withServer(
      createServer(getRequestListener((request, env) => app.fetch(request, env))),
      async (server) => {
        const response = await send(portOf(server), await b0())
        expect(['200', 'target_mismatch', 'signature_invalid']).toContain(codeOfResponse(response))
        expect(seen.length).toBe(response.status === 200 ? 1 : 0)
      },
    )
  })

  test('a handler reads the body in every form', async () => {
    const app = new Hono()
    app.all('*', protectHono(makeWorld().verifier), async (context) =>
      context.json({ got: await context.req.json() }),
    )
    await withServer(createServer(getRequestListener(app.fetch)), async (server) => {
      expect(await send(portOf(server), await b0())).toMatchObject({ status: 200, body: '{"got":{"x":1}}' })
    })
  })

  test('answers of handlers that fail carry the request id', async () => {
    const app = new Hono()
    app.all('*', protectHono(makeWorld().verifier), () => {
      throw new Error('broken handler')
    })
    app.onError((_error, context) => context.text('caught', 500))
    await withServer(createServer(getRequestListener(app.fetch)), async (server) => {
      const response = await send(portOf(server), await b0())
      expect(response).toMatchObject({ status: 500, body: 'caught' })
      expect(response.headers.get('request-id')).toMatch(/^[0-9A-Z]{26}$/)
    })
  })

  test('sees a web Request where there is no Node underneath', async () => {
    const seen: Seen[] = []
    const app = createHonoApp(makeWorld().verifier, seen)
    const response = await app.fetch(toWebRequest(await b0()))
    expect(response.status).toBe(200)
    expect(seen[0]?.body).toBe('{"x":1}')
  })

  test('guards requests signed by a bare key', async () => {
    const time = { now: NOW - 60_000 }
    const clock = (): number => time.now
    const guard = createKeyRequestVerifier({
      origins: ['https://api.test'],
      replayStore: createMemoryReplayStore({ clock }),
      clock,
    })
    time.now = NOW
    const app = new Hono()
    app.all('*', protectHono(guard), (context) => context.text(context.get('behalf').agent))
    await withServer(createServer(getRequestListener(app.fetch)), async (server) => {
      expect(await send(portOf(server), await makeKeyRequest())).toMatchObject({
        status: 200,
        body: agentC.did,
      })
      const refused = await send(portOf(server), await b0())
      expect(codeOfResponse(refused)).toBe('tag_mismatch')
      expect(refused.headers.get('www-authenticate')).toContain('tag="agent-key"')
    })
  })
})

describe('HTTP/2', () => {
  async function request(headers: Record<string, string>, by: Sent): Promise<string> {
    const world = makeWorld()
    const warnings: string[] = []
    process.on('warning', ({ name }) => warnings.push(name))
    return withServer(createHttp2Adapter(world.verifier), async (server) => {
      const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`)
      const lines = Object.fromEntries(by.headers.map(([name, value]) => [name.toLowerCase(), value]))
      const { host: _, ...fields } = lines
      const stream = session.request({ ':method': by.method, ':path': by.target, ...fields, ...headers })
      // Node ends the stream of a GET by itself.
      if (by.body.length > 0) stream.end(by.body)
      const [answer] = await once(stream, 'response')
      let body = ''
      for await (const part of stream) body += String(part)
      session.close()
      await new Promise(setImmediate)
      expect(warnings, 'no header that HTTP/2 does not have').not.toContain('UnsupportedWarning')
      return answer[':status'] === 200 ? '200' : String(JSON.parse(body).code)
    })
  }

  test('is accepted under :authority', async () => {
    expect(await request({ ':authority': 'api.test' }, await b0())).toBe('200')
    const bodyless = await makeRequest(chain, { method: 'GET', target: '/v1/items', body: '' })
    expect(await request({ ':authority': 'api.test' }, bodyless)).toBe('200')
  })

  test('needs no Content-Length to have a body', async () => {
    const unannounced = await makeRequest(chain, { without: ['content-length'] })
    expect(await request({ ':authority': 'api.test' }, unannounced)).toBe('200')
  })

  test('is refused when host says something else', async () => {
    expect(await request({ ':authority': 'api.test', host: 'evil' }, await b0())).toBe('header_ambiguous')
  })
})

/** The request as a runtime without Node gives it to a handler. */
function toWebRequest(sent: Sent, url = `https://api.test${sent.target}`): Request {
  const headers = new Headers()
  for (const [name, value] of sent.headers) headers.append(name, value)
  const body = sent.body.length === 0 ? null : Uint8Array.from(sent.body)
  return new Request(url, { method: sent.method, headers, body })
}

describe('Fetch', () => {
  const codeOf = async (request: Request): Promise<string> =>
    (await refusalOf(verifyFetchRequest(makeWorld().verifier, request))).code

  test('verifies a web Request, whose own body is read then', async () => {
    const request = toWebRequest(await b0())
    const verified = await verifyFetchRequest(makeWorld().verifier, request)
    expect(verified).toMatchObject({ agent: agentC.did })
    expect(request.bodyUsed).toBe(true)
  })

  test('sees two lines of a header where the comma betrays them', async () => {
    const request = await b0()
    expect(
      await codeOf(toWebRequest(change(request, (r) => addLines(r, ['Content-Type', 'text/plain'])))),
    ).toBe('header_ambiguous')
    expect(
      await codeOf(toWebRequest(change(request, (r) => addLines(r, ['Signature-Key', 'sig=x'])))),
    ).not.toBe('ok')
  })

  test('holds the host header against the URL', async () => {
    const request = await b0()
    expect(await codeOf(toWebRequest(request, `https://evil.test${request.target}`))).toBe('header_ambiguous')
  })

  test('keeps an empty query apart from none', async () => {
    const request = await makeRequest(chain, { method: 'GET', target: '/v1/items?', body: '' })
    expect(await verifyFetchRequest(makeWorld().verifier, toWebRequest(request))).toMatchObject({
      agent: agentC.did,
    })
    const fragment = await makeRequest(chain, { method: 'GET', target: '/v1/items', body: '' })
    const url = 'https://api.test/v1/items#part'
    expect(await verifyFetchRequest(makeWorld().verifier, toWebRequest(fragment, url))).toMatchObject({
      agent: agentC.did,
    })
  })

  test('refuses a body that was read before', async () => {
    const request = toWebRequest(await b0())
    await request.text()
    expect(await codeOf(request)).toBe('digest_mismatch')
  })

  test('keeps status and headers of the handler and adds the request id', async () => {
    const handler = protectFetch(
      makeWorld().verifier,
      () => new Response('made', { status: 201, headers: { 'x-a': '1' } }),
    )
    const response = await handler(toWebRequest(await b0()))
    expect([response.status, response.headers.get('x-a'), await response.text()]).toEqual([201, '1', 'made'])
    expect(response.headers.get('request-id')).toMatch(/^[0-9A-Z]{26}$/)
  })

  test('gives the handler of a refused request nothing to do', async () => {
    let calls = 0
    const handler = protectFetch(makeWorld().verifier, () => {
      calls += 1
      return new Response()
    })
    const response = await handler(new Request('https://api.test/v1/items'))
    expect([response.status, calls]).toEqual([401, 0])
    expect(await response.json()).toMatchObject({ code: 'signature_missing' })
  })

  test('lets errors of the handler through', async () => {
    const handler = protectFetch(makeWorld().verifier, () => Promise.reject(new Error('broken handler')))
    await expect(handler(toWebRequest(await b0()))).rejects.toThrow('broken handler')
  })
})
