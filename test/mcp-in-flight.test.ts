import type { McpHandler } from '@behalf/mcp'
import { createMcpTransport, digestToolDefinition } from '@behalf/mcp'
import { createMcpClient } from '@behalf/mcp/client'
import { createSessionHandler } from '@behalf/mcp/sessions'
import type { AuditOutcome, AuditRecord } from '@behalf/verifier'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer as SessionServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type McpServed, openEndpoint } from './support/mcp-endpoint.ts'
import { openWorld, type World, waitFor } from './support/world.ts'

const INFO = { name: 'waiting', version: '1.0.0' }
type Generation = '2.x' | '1.x'

/** A server whose one tool tells that it runs, and ends with its call. */
function createHandler(generation: Generation, onWait: () => void): McpHandler {
  const wait = (): Promise<never> => {
    onWait()
    return new Promise(() => undefined)
  }
  if (generation === '2.x') {
    return createMcpHandler(() => {
      const server = new McpServer(INFO)
      server.registerTool('wait', {}, wait)
      return server
    }).fetch
  }
  return createSessionHandler(() => {
    const server = new SessionServer(INFO)
    server.registerTool('wait', {}, wait)
    return server
  })
}

/** A client that is connected. */
async function connect(generation: Generation, wallet: Wallet, url: string) {
  if (generation === '2.x') return await createMcpClient(wallet, url)
  const client = new SessionClient(INFO)
  const transport = createMcpTransport(
    wallet,
    url,
    ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch }),
  )
  // Its declaration of sessionId does not allow for exact optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0])
  return client
}

describe.each(['2.x', '1.x'] as const)('over HTTP, a call to a server of %s', (server) => {
  let world: World
  let served: McpServed
  const records: AuditRecord[] = []
  const outcomes: AuditOutcome[] = []
  let pins: Record<string, string> = {}
  let running = Promise.withResolvers<void>()

  beforeAll(async () => {
    world = await openWorld()
    served = await openEndpoint(world, {
      handler: createHandler(server, () => running.resolve()),
      auditSink: {
        record: (entry) => void records.push(entry),
        recordOutcome: (outcome) => void outcomes.push(outcome),
      },
    })
    const wallet = createMemoryWallet()
    await grant(wallet, {})
    const client = await connect('2.x', wallet, served.url)
    const { tools } = await client.listTools()
    await client.close()
    const definitions = JSON.parse(JSON.stringify(tools)) as readonly { readonly name: string }[]
    pins = Object.fromEntries(definitions.map((tool) => [tool.name, digestToolDefinition({ ...tool })]))
  }, 60_000)
  afterAll(async () => {
    await served.end()
    await world.end()
  })

  async function grant(wallet: Wallet, tools: Record<string, string>): Promise<string> {
    const asking = wallet.requestDelegation({
      authority: world.authority,
      onBehalfOf: { id: 'alice' },
      purpose: 'Wait',
      capabilities: [{ type: 'mcp', locations: [served.url], actions: ['tools/call'], tools }],
    })
    const [{ id }] = await Promise.all([asking, world.approveNext()])
    return id
  }

  test.each(['2.x', '1.x'] as const)(
    'of a client of %s that is in flight fails with the code as soon as the delegation is revoked',
    async (generation) => {
      running = Promise.withResolvers()
      const streams = [server, generation].includes('1.x')
      const wallet = createMemoryWallet()
      const delegation = await grant(wallet, pins)
      const client = await connect(generation, wallet, served.url)
      const call = client.callTool({ name: 'wait' }).catch((error: unknown) => error)
      await running.promise
      await world.operator.authority(world.authority).revoke({ delegation })
      expect(await call).toMatchObject({ name: 'McpError', code: 'credential_revoked' })
      await client.close()
      const requestId = records.findLast((record) => record.call?.tool === 'wait')?.requestId
      const outcome = await waitFor(async () => outcomes.find((told) => told.requestId === requestId))
      // A stream was begun, or the refusal is the answer.
      expect(outcome).toMatchObject(
        streams ? { isCutOff: true, status: 200 } : { isCutOff: false, status: 401 },
      )
    },
    20_000,
  )

  if (server === '1.x') {
    test('has a stream that is cut off when the delegation is revoked', async () => {
      const wallet = createMemoryWallet()
      const delegation = await grant(wallet, pins)
      const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
      const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: INFO }
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })
      const opened = await wallet.fetch(served.url, { method: 'POST', headers, body })
      await opened.text()
      const session = opened.headers.get('mcp-session-id') ?? ''
      const stream = await wallet.fetch(served.url, {
        headers: { accept: 'text/event-stream', 'mcp-session-id': session },
      })
      expect(stream.status).toBe(200)
      const read = stream.text()
      await world.operator.authority(world.authority).revoke({ delegation })
      await expect(read).rejects.toThrow()
    }, 20_000)
  }
})
