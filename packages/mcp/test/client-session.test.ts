import type { McpCapability } from '@behalf/credential'
import type { Wallet } from '@behalf/wallet'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { ResourceListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { afterEach, describe, expect, test } from 'vitest'
import { createMcpTransport, digestToolDefinition } from '../src/index.ts'
import { createSessionHandler } from '../src/sessions.ts'
import { MCP_URL, makeWorld } from './support/world.ts'

const common = { type: 'mcp', locations: [MCP_URL], actions: ['tools/call'] } as const
const opened: Client[] = []

afterEach(async () => {
  for (const client of opened.splice(0)) await client.close()
})

/** Something that happens, which a test waits for. */
function createEvent() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { happens: () => resolve(), happened: promise }
}

/** A server of the SDK 1.x whose tools a client may call under one delegation each. */
async function setUp() {
  const [running, finished] = [createEvent(), createEvent()]
  const ended: string[] = []
  const streams: string[] = []
  const used: string[] = []
  const waits = new Map<readonly string[], { count: number; resolve: () => void }>()
  const note = (list: string[], session: string): void => {
    list.push(session)
    const wait = waits.get(list)
    if (wait !== undefined && list.length >= wait.count) wait.resolve()
  }
  /** The list has as many. */
  const reaches = (list: string[], count: number): Promise<void> =>
    new Promise((resolve) => {
      if (list.length >= count) resolve()
      waits.set(list, { count, resolve })
    })
  const handler = createSessionHandler(() => {
    const server = new McpServer({ name: 'sessions', version: '1.0.0' }, { capabilities: { resources: {} } })
    const done = { content: [{ type: 'text' as const, text: 'done' }] }
    server.registerTool('first', {}, () => done)
    server.registerTool('second', {}, () => done)
    server.registerTool('wait', {}, async () => {
      running.happens()
      await finished.happened
      return done
    })
    server.registerTool('tell', {}, async () => {
      await server.server.sendResourceListChanged()
      return done
    })
    return server
  })
  const world = await makeWorld({
    handler: async (request, options) => {
      const session = request.headers.get('mcp-session-id') ?? ''
      if (request.method === 'POST') note(used, session)
      const answer = await handler(request, options)
      if (request.method === 'DELETE') note(ended, session)
      if (request.method === 'GET') note(streams, session)
      return answer
    },
  })
  const wallet = world.wallet(10)
  await world.grant(wallet, [{ ...common, actions: ['tools/list'] }])
  const client = await connect(wallet)
  const { tools } = await client.listTools()
  for (const tool of tools) {
    const pin = digestToolDefinition(JSON.parse(JSON.stringify(tool)) as { name: string })
    const capability: McpCapability = { ...common, tools: { [tool.name]: pin } }
    await world.grant(wallet, [capability])
  }
  return { client, running, finished, ended, streams, used, reaches, world }
}

async function connect(wallet: Wallet): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' })
  const transport = createMcpTransport(
    wallet,
    MCP_URL,
    ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch }),
  )
  // Its declaration of sessionId does not allow for exact optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0])
  opened.push(client)
  return client
}

describe('a session that goes on under another delegation', () => {
  test('leaves none behind', async () => {
    const { client, ended, streams, reaches } = await setUp()
    await reaches(streams, 1)
    await client.callTool({ name: 'first' })
    await reaches(ended, 1)
    expect(ended).toEqual([streams[0]])
  })

  test('hears what the server says without being asked', async () => {
    const { client, streams, reaches } = await setUp()
    await reaches(streams, 1)
    const told = createEvent()
    client.setNotificationHandler(ResourceListChangedNotificationSchema, () => told.happens())
    await client.callTool({ name: 'tell' })
    await told.happened
  })

  test('leaves the one before only when its calls are answered', async () => {
    const { client, running, finished, ended, used, reaches } = await setUp()
    const waiting = client.callTool({ name: 'wait' })
    const session = await running.happened.then(() => used.at(-1) ?? '')
    await client.callTool({ name: 'first' })
    await client.callTool({ name: 'second' })
    await reaches(ended, 2)
    expect(ended).not.toContain(session)
    finished.happens()
    expect(await waiting).toMatchObject({ content: [{ text: 'done' }] })
    await reaches(ended, 3)
    expect(ended.at(-1)).toBe(session)
  })

  test('is opened once for calls that are made at once', async () => {
    const { client, world } = await setUp()
    const openings = (): number => world.records.filter(({ call }) => call?.method === 'initialize').length
    const before = openings()
    await Promise.all(['first', 'first', 'first'].map((name) => client.callTool({ name })))
    expect(openings()).toBe(before + 1)
  })
})
