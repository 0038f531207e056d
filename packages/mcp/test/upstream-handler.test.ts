import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { McpServer as SessionServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterEach, describe, expect, test } from 'vitest'
import { createUpstreamHandler } from '../src/front.ts'
import { aloneHeaders, callAlone, connectBare, messagesOf, outcomeOf, TOOLS } from './support/fronts.ts'
import { call, codeOfAnswer, initialize, post } from './support/messages.ts'
import { GENERATIONS } from './support/servers.ts'
import { makeWorld } from './support/world.ts'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    server.close()
  }
})

interface Shown {
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** An endpoint of somebody else, on loopback, that is told of nothing here. */
async function openUpstream(
  serve: (request: IncomingMessage & { body: string }, response: ServerResponse) => void | Promise<void>,
) {
  const shown: Shown[] = []
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const body = Buffer.concat(parts).toString('utf8')
    shown.push({ headers: request.headers, body })
    await serve(Object.assign(request, { body }), response)
  })
  servers.push(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, shown, server }
}

async function openFront(upstream: string, options: object = {}) {
  const notes: string[] = []
  const handler = createUpstreamHandler({ upstream, onNote: (note) => notes.push(note), ...options })
  const world = await makeWorld({ handler })
  const wallet = world.wallet(10)
  const index = await world.grant(wallet, [TOOLS])
  return { world, wallet, index, notes }
}

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

/** A server on the SDK of that generation. */
async function openSdkServer(generation: string) {
  const waits = Promise.withResolvers<AbortSignal>()
  if (generation === '2.x') {
    const { fetch } = createMcpHandler(() => {
      const server = new McpServer({ name: 'issues', version: '1.0.0' })
      server.registerTool('meta', {}, (context) => text(JSON.stringify(context.mcpReq._meta)))
      server.registerTool('wait', {}, async ({ mcpReq: { signal } }) => {
        waits.resolve(signal)
        await once(signal, 'abort')
        return text('late')
      })
      return server
    })
    const upstream = await openUpstream(async (request, response) => {
      const controller = new AbortController()
      response.once('close', () => controller.abort())
      const headers = new Headers(request.headers as Record<string, string>)
      const answer = await fetch(
        new Request('http://upstream.test/mcp', {
          method: request.method ?? '',
          headers,
          signal: controller.signal,
          ...(request.body !== '' && { body: request.body }),
        }),
      )
      response.writeHead(answer.status, Object.fromEntries(answer.headers))
      for await (const part of answer.body ?? []) response.write(part)
      response.end()
    })
    return { ...upstream, waiting: waits.promise }
  }
  const transports = new Map<string, StreamableHTTPServerTransport>()
  const upstream = await openUpstream(async (request, response) => {
    const known = transports.get(String(request.headers['mcp-session-id']))
    const transport =
      known ??
      new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => void transports.set(id, transport),
        onsessionclosed: (id) => void transports.delete(id),
      })
    if (known === undefined) {
      const server = new SessionServer({ name: 'issues', version: '1.0.0' })
      server.registerTool('meta', {}, (extra) => text(JSON.stringify(extra._meta)))
      server.registerTool('wait', {}, async ({ signal }) => {
        waits.resolve(signal)
        await once(signal, 'abort')
        return text('late')
      })
      await server.connect(transport as Parameters<typeof server.connect>[0])
    }
    await transport.handleRequest(
      request,
      response,
      request.body === '' ? undefined : JSON.parse(request.body),
    )
  })
  return { ...upstream, waiting: waits.promise }
}

describe.each(GENERATIONS)('a server on the SDK %s elsewhere', (generation) => {
  test.each(GENERATIONS)('is used by a client on the SDK %s, and told who calls', async (client) => {
    const { url, shown } = await openSdkServer(generation)
    const { wallet } = await openFront(url)
    const connected = await connectBare(client, wallet)
    const { content } = await connected.callTool({ name: 'meta' })
    const [said] = content as { text: string }[]
    expect(JSON.parse(said?.text ?? '')).toMatchObject({
      'behalf/caller': { agent: wallet.did, principal: { id: 'person-7' } },
    })
    await connected.close()
    expect(shown.length).toBeGreaterThan(1)
    for (const { headers } of shown) {
      expect(
        Object.keys(headers).filter((name) =>
          /sign|delegation|digest|dpop|authorization|agent-context/u.test(name),
        ),
      ).toEqual([])
    }
  })

  test('is told to end when the chain of a call dies', async () => {
    const { url, waiting } = await openSdkServer(generation)
    const { world, wallet, index } = await openFront(url)
    const connected = await connectBare(generation, wallet)
    const called = connected.callTool({ name: 'wait' }).then(
      () => 'answered',
      (error: unknown) => String(error),
    )
    const signal = await waiting
    await world.revoke(index)
    if (!signal.aborted) await once(signal, 'abort')
    expect(await called).not.toBe('answered')
    await connected.close()
  })
})

test('a stream of a server elsewhere on which nothing came is no answer yet', async () => {
  const { url } = await openUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.flushHeaders()
  })
  const begun = Promise.withResolvers<void>()
  const reach = async (to: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(to, init)
    setImmediate(() => begun.resolve())
    return answer
  }
  const { world, wallet, index } = await openFront(url, { fetch: reach })
  const answer = post(wallet, callAlone('meta'))
  await begun.promise
  await world.revoke(index)
  expect((await answer).status).toBe(401)
})

test('a session at a server elsewhere belongs to who opened it', async () => {
  const { url } = await openSdkServer('1.x')
  const { world, wallet } = await openFront(url)
  const headers = { 'mcp-session-id': (await post(wallet, initialize())).headers.get('mcp-session-id') ?? '' }
  const other = world.wallet(11)
  await world.grant(other, [TOOLS])
  expect(await codeOfAnswer(post(other, call('ping'), { headers }))).toBe('mcp_session_mismatch')
  expect(await codeOfAnswer(post(wallet, call('ping'), { headers }))).toBe('ok')
})

describe('a server elsewhere that fails', () => {
  test.each([301, 401, 403, 500, 502])(
    'with %i is a coded refusal, and shows nothing of its own',
    async (status) => {
      const { url } = await openUpstream((_request, response) => {
        response.writeHead(status, {
          location: 'http://elsewhere.test/',
          'www-authenticate': 'Bearer resource_metadata="x"',
        })
        response.end('secret')
      })
      const { wallet, notes } = await openFront(url)
      const answer = await post(wallet, callAlone('meta'))
      expect(answer.headers.get('location')).toBe(null)
      expect(answer.headers.get('www-authenticate') ?? '').not.toContain('Bearer')
      expect(await codeOfAnswer(answer)).toBe('mcp_server_unavailable')
      expect(notes).toEqual([`the server answered ${status}`])
    },
  )

  test('to answer at all is a coded refusal', async () => {
    const { url, server } = await openUpstream(() => undefined)
    server.close()
    await once(server, 'close')
    const { wallet, notes } = await openFront(url)
    expect(await codeOfAnswer(post(wallet, callAlone('meta')))).toBe('mcp_server_unavailable')
    expect(notes).toMatchObject([expect.stringContaining('cannot be reached')])
  })

  test('in the middle of an answer ends it with the code', async () => {
    const { url } = await openUpstream((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: {"jsonrpc":"2.0","method":"notifications/progress"}\n\ndata: {"half', () =>
        response.socket?.destroy(),
      )
    })
    const { wallet } = await openFront(url)
    const answer = await post(wallet, callAlone('meta', { id: 'mine' }))
    const events = (await answer.text()).split('\n\n')
    expect(events[0]).toContain('notifications/progress')
    expect(JSON.parse(events.at(-2)?.replace(/^event: message\ndata: /u, '') ?? '')).toMatchObject({
      id: 'mine',
      error: { data: { code: 'mcp_server_unavailable' } },
    })
  })
})

test('shows the server what it is to be shown, and of its answer no cookie', async () => {
  const { url, shown } = await openUpstream((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'set-cookie': 'a=b', 'mcp-own': '1' })
    response.end('{"jsonrpc":"2.0","id":1,"result":{}}')
  })
  const { wallet } = await openFront(url, { headers: { authorization: 'Bearer of the front' } })
  const answer = await post(wallet, callAlone('meta', { id: 1 }))
  expect(shown[0]?.headers.authorization).toBe('Bearer of the front')
  expect([answer.headers.get('set-cookie'), answer.headers.get('mcp-own')]).toEqual([null, '1'])
  expect(await messagesOf(answer)).toEqual([{ jsonrpc: '2.0', id: 1, result: {} }])
})

test('passes no header on that says something else than the body', async () => {
  const { url, shown } = await openUpstream((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"jsonrpc":"2.0","id":1,"result":{}}')
  })
  const { wallet } = await openFront(url)
  const send = (changes: Record<string, string>): Promise<string> =>
    outcomeOf(post(wallet, callAlone('meta'), { headers: { ...aloneHeaders('meta'), ...changes } }))
  expect(await send({})).toBe('ok')
  expect(await send({ 'mcp-name': `=?base64?${btoa('meta')}?=` })).toBe('ok')
  expect(await send({ 'mcp-name': 'forbidden' })).toBe('request_malformed')
  expect(await send({ 'mcp-name': `=?base64?${btoa('forbidden')}?=` })).toBe('request_malformed')
  expect(await send({ 'mcp-method': 'tools/list' })).toBe('request_malformed')
  expect(shown.length).toBe(2)
})

test('goes to http and https alone', () => {
  expect(() => createUpstreamHandler({ upstream: 'file:///mcp' })).toThrow(TypeError)
  expect(() => createUpstreamHandler({ upstream: 'mcp' })).toThrow(TypeError)
})
