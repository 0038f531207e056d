import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { protect as protectExpress } from '../src/express.ts'
import { protect as protectHono } from '../src/hono.ts'
import type { IncomingRequest } from '../src/index.ts'
import { agentA, agentC, stranger } from './support/agents.ts'
import { addLines, dropLine, makeRequest, type RequestChanges, replaceLine } from './support/b0.ts'
import { makeChain, NOW } from './support/chain.ts'
import { type Observed, observedAdapters } from './support/observed-servers.ts'
import { adapters, type Seen, startAdapter, withServer } from './support/servers.ts'
import { portOf, send, sendBytes, toWire, type WireResponse } from './support/wire.ts'
import { makeList, makeObserver, makeStatusSource, makeWorld } from './support/world.ts'

type Sent = IncomingRequest & { readonly body: Uint8Array }
type ObserverChanges = NonNullable<Parameters<typeof makeObserver>[0]>

const REQUEST_ID = /^[0-9A-Z]{26}$/
const chain = await makeChain()
const b0 = (changes: RequestChanges = {}): Promise<Sent> => makeRequest(chain, changes)
const change = (request: Sent, by: (request: IncomingRequest) => IncomingRequest): Sent => ({
  ...request,
  headers: by(request).headers,
})

/** Requests that are wrong, one for each class of refusals. */
const WRONG: readonly (readonly [code: string, make: () => Promise<Sent>])[] = [
  ['header_ambiguous', async () => change(await b0(), (r) => addLines(r, ['Content-Type', 'text/plain']))],
  ['target_mismatch', () => b0({ origin: 'https://other.test' })],
  [
    'signature_missing',
    async () => change(await b0(), (r) => dropLine(dropLine(r, 'signature'), 'signature-input')),
  ],
  ['signature_malformed', async () => change(await b0(), (r) => replaceLine(r, 'signature', 'sig=:é'))],
  ['component_missing', () => b0({ components: ['@method', '@target-uri', 'signature-key'] })],
  ['tag_mismatch', () => b0({ tag: 'web-bot-auth' })],
  ['signature_expired', () => b0({ created: NOW / 1000 - 200 })],
  ['cache_miss', () => b0({ signatureKey: 'sig=cached;cid="sha-256:AAAA"', without: ['delegation-chain'] })],
  ['key_mismatch', () => b0({ signer: stranger })],
  ['signature_invalid', async () => change(await b0(), (r) => replaceLine(r, 'content-type', 'text/plain'))],
  ['digest_mismatch', async () => ({ ...(await b0()), body: Buffer.from('{"x":2}') })],
  ['credential_expired', async () => makeRequest(await makeChain([{}, { validUntil: NOW - 1000 }, {}]))],
  ['chain_broken', async () => makeRequest(await makeChain([{}, { signer: stranger }, {}]))],
  ['scope_exceeded', () => b0({ target: '/v1/admin' })],
]

/** What makes a verifier refuse a request that is right. */
const REFUSING: readonly (readonly [code: string, changes: ObserverChanges])[] = [
  ['request_too_large', { maxBodyBytes: 3 }],
  ['header_too_large', { maxHeaderBytes: 100 }],
  ['key_revoked', { statusSource: makeStatusSource(await makeList(), [agentA.did]) }],
  ['credential_revoked', { statusSource: makeStatusSource(await makeList([101])) }],
  ['status_invalid', { statusSource: makeStatusSource(undefined) }],
  ['forbidden', { mapPrincipal: () => undefined }],
  ['replay_store_unavailable', { replayStore: { claim: () => Promise.reject(new Error('down')) } }],
  ['audit_unavailable', { auditSink: { record: () => Promise.reject(new Error('down')) } }],
]

describe.each(observedAdapters)('behind an observing verifier, $name', (adapter) => {
  async function exchange(
    requests: readonly Sent[],
    changes: ObserverChanges = {},
  ): Promise<{ responses: WireResponse[]; seen: Observed[]; world: ReturnType<typeof makeObserver> }> {
    const seen: Observed[] = []
    const world = makeObserver(changes)
    const responses = await withServer(adapter.create(world.observer, seen), async (server) => {
      const answers: WireResponse[] = []
      for (const request of requests) answers.push(await send(portOf(server), request))
      return answers
    })
    return { responses, seen, world }
  }

  test('shows an accepted request as one that enforces shows it', async () => {
    const request = await b0()
    const { responses, seen, world } = await exchange([request])
    const enforced: Seen[] = []
    const same = adapters.find(({ name }) => name === adapter.name)
    if (same === undefined) throw new Error('no such adapter')
    await withServer(startAdapter(same, makeWorld().verifier, enforced), (server) =>
      send(portOf(server), request),
    )
    const [{ verified, refusal, body } = { verified: undefined, refusal: undefined, body: '' }] = seen
    expect({ ...verified, requestId: '' }).toEqual({ ...enforced[0]?.verified, requestId: '' })
    expect(verified).toMatchObject({ agent: agentC.did, principal: { id: 'person-7' } })
    expect([refusal, body]).toEqual([undefined, enforced[0]?.body])
    expect(responses[0]?.status).toBe(200)
    expect(responses[0]?.headers.get('request-id')).toBe(verified?.requestId)
    expect(world.reported).toEqual([])
  })

  async function expectObserved(code: string, request: Sent, changes: ObserverChanges = {}): Promise<void> {
    const { responses, seen, world } = await exchange([request], changes)
    expect(responses.map(({ status, body }) => [status, body])).toEqual([[200, 'handled']])
    expect(seen).toEqual([{ verified: undefined, refusal: code, body: Buffer.from(request.body).toString() }])
    const id = responses[0]?.headers.get('request-id')
    expect(id).toMatch(REQUEST_ID)
    expect(world.reported.map(({ record }) => record)).toEqual([
      expect.objectContaining({ decision: 'observed', mode: 'observe', code, requestId: id }),
    ])
    expect(responses[0]?.headers.has('www-authenticate')).toBe(false)
  }

  test.each(WRONG)('lets through what would be %s, and tells', async (code, make) => {
    await expectObserved(code, await make())
  })

  test.each(REFUSING)(
    'lets through what would be %s for another reason, and tells',
    async (code, changes) => {
      await expectObserved(code, await b0(), changes)
    },
  )

  test('lets a replay and an exhausted delegation through, and tells', async () => {
    const replayed = await b0()
    const limited = await makeChain([{ maxUses: 1 }, {}, {}])
    const { responses, seen } = await exchange([
      replayed,
      replayed,
      await makeRequest(limited),
      await makeRequest(limited),
    ])
    expect(responses.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(seen.map(({ refusal }) => refusal)).toEqual([
      undefined,
      'nonce_replayed',
      undefined,
      'budget_exceeded',
    ])
    expect(seen.map(({ verified }) => verified !== undefined)).toEqual([true, false, true, false])
    expect(seen.map(({ body }) => body)).toEqual(['{"x":1}', '{"x":1}', '{"x":1}', '{"x":1}'])
  })

  test.each(['OPTIONS', 'DELETE', 'PROPFIND'])('lets a %s with a body through', async (method) => {
    const { responses, seen } = await exchange([await b0({ method })])
    expect(responses.map(({ status }) => status)).toEqual([200])
    expect(seen).toEqual([{ verified: undefined, refusal: 'scope_exceeded', body: '{"x":1}' }])
  })

  test('hands on a body that grows beyond the cap while it is read', async () => {
    const long = 'x'.repeat(2_000_000)
    const chunks = [long, 'the end', ''].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`)
    const head = 'POST /v1/items HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n'
    const seen: Observed[] = []
    await withServer(adapter.create(makeObserver().observer, seen), async (server) => {
      const [response] = await sendBytes(portOf(server), head + chunks.join(''))
      expect(response?.status).toBe(200)
    })
    expect(seen.map(({ refusal }) => refusal)).toEqual(['request_too_large'])
    expect(seen[0]?.body === `${long}the end`).toBe(true)
  })

  test('hands on a body that comes too slowly', async () => {
    const bytes = toWire(await b0())
    const seen: Observed[] = []
    const { observer, reported } = makeObserver({ bodyTimeoutSeconds: 0.05 })
    await withServer(adapter.create(observer, seen), async (server) => {
      const socket = connect(portOf(server), '127.0.0.1')
      socket.write(bytes.subarray(0, bytes.length - 3))
      await expect.poll(() => reported.length).toBe(1)
      socket.end(bytes.subarray(bytes.length - 3))
      expect(await text(socket)).toContain('HTTP/1.1 200')
    })
    expect(seen).toEqual([{ verified: undefined, refusal: 'body_timeout', body: '{"x":1}' }])
  })

  test('is not disturbed by a peer that goes away in the middle of its body', async () => {
    const bytes = toWire(await b0())
    const { observer, reported } = makeObserver()
    await withServer(adapter.create(observer, []), async (server) => {
      const socket = connect(portOf(server), '127.0.0.1')
      await once(socket, 'connect')
      socket.write(bytes.subarray(0, bytes.length - 3))
      await once(server, 'request')
      socket.destroy()
      await expect.poll(() => reported.map(({ record }) => record.code)).toEqual(['request_malformed'])
      expect((await send(portOf(server), await b0())).status).toBe(200)
    })
  })
})

describe.each(observedAdapters.filter(({ name }) => name !== 'Fetch'))('under $name', (adapter) => {
  const apps = {
    Express: (first: Observer, second: Verifier, seen: Seen[]): Server => {
      const app = express()
      app.use(protectExpress(first), protectExpress(second), (request, response) => {
        if (request.behalf !== undefined) seen.push({ verified: request.behalf, body: String(request.body) })
        response.send(String(request.behalfRefusal))
      })
      return createServer(app)
    },
    Hono: (first: Observer, second: Verifier, seen: Seen[]): Server => {
      const app = new Hono()
      app.all('*', protectHono(first), protectHono(second), async (context) => {
        seen.push({ verified: context.get('behalf'), body: await context.req.text() })
        return context.text(String(context.get('behalfRefusal' as never)))
      })
      return createServer(getRequestListener(app.fetch))
    },
  }
  const makeApp = apps[adapter.name === 'Express' ? 'Express' : 'Hono']

  test.each([
    ['accepts', {}],
    ['would refuse', { mapPrincipal: () => undefined }],
  ])('one route may enforce behind a verifier that observes and %s', async (_verdict, changes) => {
    const seen: Seen[] = []
    const request = await b0()
    const app = makeApp(makeObserver(changes).observer, makeWorld().verifier, seen)
    await withServer(app, async (server) => {
      expect(await send(portOf(server), request)).toMatchObject({ status: 200, body: 'undefined' })
      expect((await send(portOf(server), request)).status).toBe(401)
      expect((await send(portOf(server), await b0({ target: '/v1/admin' }))).status).toBe(403)
    })
    expect(seen.map(({ verified, body }) => [verified.agent, body])).toEqual([[agentC.did, '{"x":1}']])
  })

  test('a connection goes on after a body that nobody read', async () => {
    const { observer, reported } = makeObserver({ maxBodyBytes: 70_000 })
    const long = Buffer.concat([
      Buffer.from('POST /v1/items HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n'),
      Buffer.from(`493e0\r\n${'x'.repeat(300_000)}\r\n0\r\n\r\n`),
    ])
    const unread = {
      Express: () =>
        createServer(express().use(protectExpress(observer), (_, response) => void response.send('a'))),
      Hono: () =>
        createServer(
          getRequestListener(new Hono().all('*', protectHono(observer), (c) => c.text('a')).fetch),
        ),
    }
    await withServer(unread[adapter.name === 'Express' ? 'Express' : 'Hono'](), async (server) => {
      const socket = connect(portOf(server), '127.0.0.1')
      const last = 'GET /v1/items HTTP/1.1\r\nHost: api.test\r\nConnection: close\r\n\r\n'
      socket.write(Buffer.concat([long, toWire(await b0({ target: '/v1/admin' })), Buffer.from(last)]))
      expect((await text(socket)).match(/HTTP\/1\.1 200/g)).toHaveLength(3)
    })
    expect(reported.map(({ record }) => record.code).toSorted()).toEqual([
      'request_too_large',
      'scope_exceeded',
      'signature_missing',
    ])
  })
})

type Observer = ReturnType<typeof makeObserver>['observer']
type Verifier = ReturnType<typeof makeWorld>['verifier']
