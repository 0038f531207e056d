import { createMcpEndpoint, type McpHandler, verifiedCaller } from '@behalf/mcp'
import { createSessionHandler } from '@behalf/mcp/sessions'
import {
  createMemoryReplayStore,
  createMemoryUseCounter,
  createStatusSource,
  type StatusSource,
} from '@behalf/verifier'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { createAdaptorServer } from '@hono/node-server'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer as SessionServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from './support/free-port.ts'
import { openWorld, type World } from './support/world.ts'

const INFO = { name: 'issues', version: '1.0.0' }
/** What a client would hold the definition of a tool against; an endpoint does not. */
const PIN = `sha-256:${'A'.repeat(43)}`
const GENERATIONS = ['2.x', '1.x'] as const
type Generation = (typeof GENERATIONS)[number]

/** Where the SDKs put who calls: 1.x beside everything else, 2.x under `http`. */
interface Shown {
  readonly authInfo?: { readonly expiresAt?: number }
  readonly http?: Pick<Shown, 'authInfo'>
}

const whoami = (context: object) => {
  const { agent, token, principal } = verifiedCaller(context)
  const { authInfo, http } = context as Shown
  const { expiresAt } = authInfo ?? http?.authInfo ?? {}
  const ends = token && expiresAt === Math.floor(token.expiresAt / 1000)
  const text = `${agent} for ${principal.id}${ends === true ? ', until the token ends' : ''}`
  return { content: [{ type: 'text' as const, text }] }
}

/** A server that has the tools `whoami`, `close` and, until its call is ended, `wait`. */
function createHandler(generation: Generation, onWait: (signal: AbortSignal) => void): McpHandler {
  const wait = (signal: AbortSignal): Promise<never> => {
    onWait(signal)
    return new Promise(() => undefined)
  }
  if (generation === '2.x') {
    return createMcpHandler(() => {
      const server = new McpServer(INFO)
      for (const name of ['whoami', 'close']) server.registerTool(name, {}, whoami)
      server.registerTool('wait', {}, ({ mcpReq }) => wait(mcpReq.signal))
      return server
    }).fetch
  }
  return createSessionHandler(() => {
    const server = new SessionServer(INFO)
    for (const name of ['whoami', 'close']) server.registerTool(name, {}, whoami)
    server.registerTool('wait', {}, ({ signal }) => wait(signal))
    return server
  })
}

describe.each(GENERATIONS)('an endpoint that takes access tokens, of SDK %s', (generation) => {
  let world: World
  let url = ''
  let statusSource: StatusSource & { close(): void }
  let waiting = Promise.withResolvers<AbortSignal>()
  const ends: (() => unknown)[] = []

  beforeAll(async () => {
    world = await openWorld()
    const port = await freePort()
    url = `http://127.0.0.1:${port}/mcp`
    const source = createStatusSource({
      issuers: [{ did: world.issuer, url: `${world.authority}/status/heartbeat` }],
      pollSeconds: 0.05,
    })
    statusSource = source
    // Running for a while: new ones cannot know what was accepted just before.
    const clock = (): number => Date.now() - 60_000
    const endpoint = createMcpEndpoint({
      url,
      handler: createHandler(generation, (signal) => waiting.resolve(signal)),
      trustedIssuers: [world.issuer],
      statusSource,
      replayStore: createMemoryReplayStore({ clock }),
      useCounter: createMemoryUseCounter({ clock }),
      tokens: { authorities: [{ issuer: world.authority, did: world.issuer }], pollSeconds: 0.05 },
    })
    const server = createAdaptorServer({ fetch: endpoint.fetch })
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    await source.ready()
    ends.push(() => {
      server.close()
      if ('closeAllConnections' in server) server.closeAllConnections()
    })
  }, 60_000)
  afterAll(async () => {
    for (const end of ends) await end()
    statusSource.close()
    await world.end()
  })

  /** An agent that may call `whoami` and `wait`, and the id of its delegation. */
  async function grant(agent: Wallet, location = url): Promise<string> {
    const asking = agent.requestDelegation({
      authority: world.authority,
      onBehalfOf: { id: 'alice' },
      purpose: `Look for issues at ${location}`,
      capabilities: [
        { type: 'mcp', locations: [location], actions: ['tools/call'], tools: { whoami: PIN, wait: PIN } },
      ],
    })
    const [{ id }] = await Promise.all([asking, world.approveNext()])
    return id
  }

  const tokenFetch =
    (agent: Wallet) =>
    (address: string | URL, init?: RequestInit): Promise<Response> =>
      agent.tokenFetch(address, { ...init, resource: url })

  async function connect(agent: Wallet): Promise<Pick<Client, 'callTool' | 'close'>> {
    const options = { fetch: tokenFetch(agent) }
    if (generation === '2.x') {
      const client = new Client(INFO, { versionNegotiation: { mode: 'auto' } })
      await client.connect(new StreamableHTTPClientTransport(new URL(url), options))
      ends.unshift(() => client.close())
      return client
    }
    const client = new SessionClient(INFO)
    const transport = new SessionTransport(new URL(url), options)
    // Its declaration of sessionId does not allow for exact optional properties.
    await client.connect(transport as unknown as Parameters<typeof client.connect>[0])
    ends.unshift(() => client.close())
    return client as unknown as Pick<Client, 'callTool' | 'close'>
  }

  const message = (method: string, params: object = {}): RequestInit => ({
    method: 'POST',
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
  })
  const codeOf = async (answer: Promise<Response>): Promise<unknown> => {
    const response = await answer
    const text = await response.text()
    if (response.headers.get('content-type') !== 'application/problem+json') return 'ok'
    return (JSON.parse(text) as { code: unknown }).code
  }
  const refusalOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => undefined,
      (error: unknown) => error,
    )

  test('its tools are called with a token of the exchange, until the delegation is revoked', async () => {
    const agent = createMemoryWallet()
    const delegation = await grant(agent)
    const client = await connect(agent)
    expect(await client.callTool({ name: 'whoami' })).toMatchObject({
      content: [{ text: `${agent.did} for alice, until the token ends` }],
    })
    expect(await refusalOf(client.callTool({ name: 'close' }))).toBeInstanceOf(Error)
    waiting = Promise.withResolvers()
    const call = refusalOf(client.callTool({ name: 'wait' }))
    const signal = await waiting.promise
    expect(signal.aborted).toBe(false)
    const ended = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
    await world.operator.authority(world.authority).revoke({ delegation })
    await ended
    // Where nothing was sent of an answer, the refusal is one.
    const data =
      generation === '2.x'
        ? { status: 401, text: expect.stringContaining('"code":"credential_revoked"') }
        : { code: 'credential_revoked', request_id: expect.any(String) }
    expect(await call).toMatchObject({ data })
    expect(await refusalOf(client.callTool({ name: 'whoami' }))).toBeInstanceOf(Error)
    // The endpoint refuses the token that is kept, so the wallet asks for another, and gets none.
    const refused = await refusalOf(tokenFetch(agent)(url, message('ping')))
    expect(refused).toMatchObject({ code: 'credential_revoked' })
  }, 60_000)

  test('what it is tells an OAuth client, and so does the refusal of who shows nothing', async () => {
    const address = new URL('/.well-known/oauth-protected-resource/mcp', url).href
    const metadata = await fetch(address)
    expect(metadata.headers.get('content-type')).toBe('application/json')
    expect(await metadata.json()).toEqual({
      resource: url,
      authorization_servers: [world.authority],
      bearer_methods_supported: ['header'],
      dpop_bound_access_tokens_required: true,
      dpop_signing_alg_values_supported: ['EdDSA'],
    })
    const refused = await fetch(url, message('ping'))
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toMatch(
      new RegExp(`^Signature .*, DPoP .*resource_metadata="${address}"$`, 'u'),
    )
  })

  test('refuses a token as Bearer, one for another resource, and a call that is not read strictly', async () => {
    const agent = createMemoryWallet()
    await grant(agent)
    const { token } = await agent.exchangeToken({ resource: url })
    const bearer = message('ping')
    const headers = { ...(bearer.headers as Record<string, string>), authorization: `Bearer ${token}` }
    expect(await codeOf(fetch(url, { ...bearer, headers }))).toBe('invalid_token')
    const unproven = { ...headers, authorization: `DPoP ${token}` }
    expect(await codeOf(fetch(url, { ...bearer, headers: unproven }))).toBe('invalid_dpop_proof')

    const send = tokenFetch(agent)
    expect(await codeOf(send(url, message('tools/call', { name: 'close' })))).toBe('scope_exceeded')
    const twice = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"whoami","name":"close"}}'
    expect(await codeOf(send(url, { ...message('ping'), body: twice }))).toBe('json_ambiguous')
    expect(await codeOf(send(`${url}?a=1`, message('ping')))).toBe('target_mismatch')

    const elsewhere = createMemoryWallet()
    await grant(elsewhere, `${url}/other`)
    const other = elsewhere.tokenFetch(url, { ...message('ping'), resource: `${url}/other` })
    expect(await codeOf(other)).toBe('audience_mismatch')
  }, 60_000)

  test('argument constraints are not exchanged', async () => {
    const agent = createMemoryWallet()
    const asking = agent.requestDelegation({
      authority: world.authority,
      onBehalfOf: { id: 'alice' },
      purpose: 'Look for issues of one project',
      capabilities: [
        {
          type: 'mcp',
          locations: [url],
          actions: ['tools/call'],
          tools: { whoami: PIN },
          constraints: { arguments: { project: { prefix: 'ACME' } } },
        },
      ],
    })
    await Promise.all([asking, world.approveNext()])
    expect(await refusalOf(agent.exchangeToken({ resource: url }))).toMatchObject({ code: 'invalid_scope' })
  }, 60_000)

  if (generation === '1.x') {
    test('a session is of the key and delegation that opened it', async () => {
      const [agent, other] = [createMemoryWallet(), createMemoryWallet()]
      await grant(agent)
      await grant(other)
      const opened = await tokenFetch(agent)(
        url,
        message('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: INFO }),
      )
      const session = opened.headers.get('mcp-session-id') ?? ''
      await opened.text()
      const within = message('ping')
      const headers = { ...(within.headers as Record<string, string>), 'mcp-session-id': session }
      expect(await codeOf(tokenFetch(agent)(url, { ...within, headers }))).toBe('ok')
      expect(await codeOf(tokenFetch(other)(url, { ...within, headers }))).toBe('mcp_session_mismatch')
      expect(await codeOf(other.fetch(url, { ...within, headers }))).toBe('mcp_session_mismatch')
    }, 60_000)
  }
})
