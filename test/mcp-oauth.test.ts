import { systemRandomBytes } from '@behalf/core'
import { createDpopNonces } from '@behalf/credential'
import { verifiedCaller } from '@behalf/mcp'
import type { AuditRecord } from '@behalf/verifier'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import {
  Client,
  DpopSession,
  generateDpopKeyPair,
  type OAuthClientProvider,
  type OAuthTokens,
  StreamableHTTPClientTransport,
  withDpop,
} from '@modelcontextprotocol/client'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type McpProtected, openEndpoint } from './support/mcp-endpoint.ts'
import { openWorld, type World, waitFor } from './support/world.ts'

const PIN = `sha-256:${'A'.repeat(43)}`
const INFO = { name: 'oauth', version: '1.0.0' }
const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** An agent whose key both a wallet and the SDK have, what it holds, and what it was given for that. */
interface Agent {
  readonly wallet: Wallet
  readonly session: DpopSession
  readonly delegation: string
  readonly chain: readonly string[]
  /** The tokens that the provider was told to save, in their order. */
  readonly saved: OAuthTokens[]
  readonly authProvider: OAuthClientProvider
}

const message = (method: string, params: object = {}): RequestInit => ({
  method: 'POST',
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
})

async function codeOf(answer: Promise<Response>): Promise<unknown> {
  const response = await answer
  const text = await response.text()
  if (response.headers.get('content-type') !== 'application/problem+json') return 'ok'
  return (JSON.parse(text) as { code: unknown }).code
}

describe('an endpoint that takes tokens, and wants its own nonces in their proofs', () => {
  let world: World
  let endpoint: McpProtected
  const records: AuditRecord[] = []

  beforeAll(async () => {
    world = await openWorld()
    endpoint = await open()
  }, 60_000)
  afterAll(async () => {
    await endpoint.end()
    await world.end()
  })

  async function open(): Promise<McpProtected> {
    const createServer = (): McpServer => {
      const server = new McpServer(INFO)
      server.registerTool('whoami', {}, (context) => {
        const { agent, principal } = verifiedCaller(context)
        return { content: [{ type: 'text', text: `${agent} for ${principal.id}` }] }
      })
      return server
    }
    return await openEndpoint(world, {
      handler: createMcpHandler(createServer).fetch,
      auditSink: { record: (entry) => void records.push(entry) },
      tokens: {
        authorities: [{ issuer: world.authority, did: world.issuer }],
        pollSeconds: 0.05,
        nonces: createDpopNonces({ secret: systemRandomBytes(32) }),
      },
    })
  }

  /** An agent that may call `whoami`, and an OAuth client of the SDK 2.x for it. */
  async function createAgent(url = endpoint.url): Promise<Agent> {
    const keyPair = await generateDpopKeyPair({ alg: 'EdDSA', extractable: true })
    const { d = '' } = await crypto.subtle.exportKey('jwk', keyPair.privateKey)
    const wallet = createMemoryWallet({ seed: new Uint8Array(Buffer.from(d, 'base64url')) })
    const asking = wallet.requestDelegation({
      authority: world.authority,
      onBehalfOf: { id: 'alice' },
      purpose: 'Say whom I work for',
      capabilities: [{ type: 'mcp', locations: [url], actions: ['tools/call'], tools: { whoami: PIN } }],
    })
    const [{ id: delegation, chain }] = await Promise.all([asking, world.approveNext()])
    const session = await DpopSession.create({ keyPair })
    const saved: OAuthTokens[] = []
    const unused = (): never => {
      throw new Error('nobody is sent to a browser')
    }
    const authProvider: OAuthClientProvider = {
      redirectUrl: undefined,
      clientMetadata: { redirect_uris: [], grant_types: [GRANT] },
      clientInformation: () => ({ client_id: wallet.did }),
      dpop: () => session,
      prepareTokenRequest: () =>
        new URLSearchParams({
          grant_type: GRANT,
          subject_token: chain.map((link) => `"${link}"`).join(', '),
          subject_token_type: 'urn:behalf:token-type:delegation-chain',
        }),
      tokens: () => saved.at(-1),
      saveTokens: (tokens) => void saved.push(tokens),
      redirectToAuthorization: unused,
      saveCodeVerifier: unused,
      codeVerifier: unused,
    }
    return { wallet, session, delegation, chain, saved, authProvider }
  }

  async function connect({ authProvider }: Agent, more = {}): Promise<Client> {
    const client = new Client(INFO, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StreamableHTTPClientTransport(new URL(endpoint.url), { authProvider, ...more }))
    return client
  }

  /** The agent takes a token back at the authority. @see RFC 7009 */
  async function takeBack({ session }: Agent, token: string): Promise<number> {
    const url = `${world.authority}/revoke`
    const send = async (): Promise<Response> => {
      const DPoP = await session.buildProof({ htm: 'POST', htu: url })
      const response = await fetch(url, {
        method: 'POST',
        headers: { DPoP },
        body: new URLSearchParams({ token }),
      })
      session.observeNonce(response, url)
      await response.text()
      return response
    }
    const first = await send()
    return first.ok ? first.status : (await send()).status
  }

  test('is reached by the OAuth client of the SDK 2.x, which is told the nonce first', async () => {
    const agent = await createAgent()
    const asked: string[] = []
    const client = await connect(agent, {
      fetch: async (url: string | URL, init?: RequestInit) => {
        const response = await fetch(url, init)
        const { status, headers } = response
        asked.push(`${init?.method ?? 'GET'} ${new URL(url).pathname} ${status} ${errorIn(headers)}`.trim())
        return response
      },
    })
    expect(await client.callTool({ name: 'whoami' })).toMatchObject({
      content: [{ text: `${agent.wallet.did} for alice` }],
    })
    expect(agent.saved).toMatchObject([{ token_type: 'DPoP' }])
    expect(asked.slice(0, 7)).toEqual([
      'POST /mcp 401',
      'GET /.well-known/oauth-protected-resource/mcp 200',
      'GET /.well-known/oauth-authorization-server 200',
      'POST /token 400',
      'POST /token 200',
      'POST /mcp 401 use_dpop_nonce',
      'POST /mcp 200',
    ])
    await client.close()
  }, 60_000)

  test('refuses a token that its agent took back, and takes the next one', async () => {
    const agent = await createAgent()
    const client = await connect(agent)
    const token = agent.saved[0]?.access_token ?? ''
    const callWith = withDpop(agent.session, () => token)(fetch)
    expect(await codeOf(callWith(endpoint.url, message('ping')))).toBe('ok')
    expect(await takeBack(agent, token)).toBe(200)
    const code = await waitFor(async () => {
      const answered = await codeOf(callWith(endpoint.url, message('ping')))
      return answered === 'ok' ? undefined : answered
    })
    expect(code).toBe('credential_revoked')
    // The delegation holds, so its agent is given another.
    expect(await client.callTool({ name: 'whoami' })).toMatchObject({ content: [{ type: 'text' }] })
    expect(agent.saved).toHaveLength(2)
    await world.operator.authority(world.authority).revoke({ delegation: agent.delegation })
    const refused = await waitFor(() =>
      client.callTool({ name: 'whoami' }).then(
        () => undefined,
        (error: unknown) => error,
      ),
    )
    expect(refused).toMatchObject({ code: 'invalid_grant' })
    expect(agent.saved).toHaveLength(2)
    await client.close()
  }, 60_000)

  test('refuses a proof without its nonce, and one of its own after it was told', async () => {
    const agent = await createAgent()
    const { token } = await agent.wallet.exchangeToken({ resource: endpoint.url })
    const send = async (nonce?: string): Promise<Response> => {
      const htu = new URL(endpoint.url)
      const given = nonce === undefined ? {} : { nonce }
      const proof = await agent.session.buildProof({ htm: 'POST', htu, accessToken: token, ...given })
      const { headers, ...init } = message('ping')
      return await fetch(htu, {
        ...init,
        headers: { ...(headers as Record<string, string>), authorization: `DPoP ${token}`, dpop: proof },
      })
    }
    const refused = await send()
    const nonce = refused.headers.get('dpop-nonce') ?? ''
    expect(await codeOf(Promise.resolve(refused))).toBe('use_dpop_nonce')
    expect(await codeOf(send('A'.repeat(nonce.length)))).toBe('use_dpop_nonce')
    expect(await codeOf(send(nonce))).toBe('ok')
    expect(
      await agent.wallet.tokenFetch(endpoint.url, { ...message('ping'), resource: endpoint.url }),
    ).toMatchObject({
      status: 200,
    })
  }, 60_000)

  test('is not reached by an OAuth client that sends Bearer, as that of the SDK 1.x', async () => {
    const agent = await createAgent()
    const { token } = await agent.wallet.exchangeToken({ resource: endpoint.url })
    agent.saved.push({ access_token: token, token_type: 'DPoP' })
    const before = records.length
    const client = new SessionClient(INFO)
    const transport = new SessionTransport(new URL(endpoint.url), {
      authProvider: agent.authProvider as never,
    })
    // Its declaration of sessionId does not allow for exact optional properties.
    const connected = client.connect(transport as unknown as Parameters<typeof client.connect>[0])
    await expect(connected).rejects.toThrow()
    expect(records.slice(before).map(({ decision, code }) => [decision, code])).toEqual([
      ['refused', 'invalid_token'],
    ])
    await client.close()
  }, 60_000)

  test('refuses an issuer from the moment it is told not to trust it', async () => {
    const own = await open()
    const agent = await createAgent(own.url)
    const { token } = await agent.wallet.exchangeToken({ resource: own.url })
    const callWith = withDpop(agent.session, () => token)(fetch)
    const signed = (): Promise<Response> => agent.wallet.fetch(own.url, message('ping'))
    expect(await Promise.all([codeOf(callWith(own.url, message('ping'))), codeOf(signed())])).toEqual([
      'ok',
      'ok',
    ])
    own.endpoint.verifier.distrustIssuer(world.issuer)
    expect(await Promise.all([codeOf(callWith(own.url, message('ping'))), codeOf(signed())])).toEqual([
      'issuer_untrusted',
      'issuer_untrusted',
    ])
    await own.end()
  }, 60_000)
})

/** The error of a challenge. */
function errorIn(headers: Headers): string {
  return /\bDPoP\b.*?\berror="([a-z_]+)"/u.exec(headers.get('www-authenticate') ?? '')?.[1] ?? ''
}
