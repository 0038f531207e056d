import type { JsonObject } from '@behalf/core'
import { createMcpEndpoint, digestToolDefinition } from '@behalf/mcp'
import { createMcpClient } from '@behalf/mcp/client'
import { createMemoryReplayStore, createMemoryUseCounter, createStatusSource } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { createMemoryWallet } from '@behalf/wallet'
import { createAdaptorServer } from '@hono/node-server'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import { z } from 'zod'
import { freePort } from '../support/free-port.ts'
import type { World } from '../support/world.ts'
import type { BenchCase } from './closed-loop.ts'

/** Calls of one tool over HTTP, by the bare SDK and through ours, and what ends their clients and servers. */
export interface McpCases {
  readonly cases: readonly [bare: BenchCase, proven: BenchCase]
  end(): Promise<void>
}

const TOOL = 'search_issues'
const CALL = { name: TOOL, arguments: { project: 'ACME' } }

/** Both servers have the same tool, are of the SDK 2.x, and run in this process, as their clients do. */
export async function createMcpCases(world: World): Promise<McpCases> {
  const ends: (() => unknown)[] = []
  const bare = await openBare(ends)
  const proven = await openProven(world, ends)
  return {
    cases: [caseOf('a tool call, bare SDK', bare), caseOf('the same, signed and verified', proven)],
    end: async () => {
      for (const end of ends.toReversed()) await end()
    },
  }
}

function caseOf(name: string, client: Client): BenchCase {
  const call = async (): Promise<void> => {
    const { content, isError } = await client.callTool(CALL)
    if (isError === true || content.length !== 1) throw new Error(`${name}: the tool was not called`)
  }
  return { name, prepare: async (count) => Array.from({ length: count }, () => call) }
}

async function openBare(ends: (() => unknown)[]): Promise<Client> {
  const origin = await freeOrigin()
  const { fetch } = createMcpHandler(createServer)
  const app = new Hono()
  app.all('/mcp', (c) => fetch(c.req.raw))
  await listen(app, origin, ends)
  const client = new Client({ name: 'bench', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new StreamableHTTPClientTransport(new URL(`${origin}/mcp`)))
  ends.push(() => client.close())
  // Its client looks at the definitions, too.
  await client.listTools()
  return client
}

async function openProven(world: World, ends: (() => unknown)[]): Promise<Client> {
  const origin = await freeOrigin()
  const url = `${origin}/mcp`
  const statusSource = createStatusSource({
    issuers: [{ did: world.issuer, url: `${world.authority}/status/heartbeat` }],
  })
  ends.push(() => statusSource.close())
  const clock = (): number => Date.now() - 60_000
  const endpoint = createMcpEndpoint({
    url,
    handler: createMcpHandler(createServer).fetch,
    trustedIssuers: [world.issuer],
    statusSource,
    // Running for a while: new ones cannot know what was accepted just before.
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
  })
  const app = new Hono<{ Variables: { behalf: Parameters<typeof endpoint.serve>[1] } }>()
  app.use('/mcp', protect(endpoint.verifier))
  app.all('/mcp', (c) => endpoint.serve(c.req.raw, c.get('behalf')))
  await Promise.all([listen(app, origin, ends), statusSource.ready()])
  const wallet = createMemoryWallet()
  const asking = wallet.requestDelegation({
    authority: world.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Look for issues',
    capabilities: [
      { type: 'mcp', locations: [url], actions: ['tools/call', 'tools/list'], tools: await pinsOf() },
    ],
  })
  await Promise.all([asking, world.approveNext()])
  const client = await createMcpClient(wallet, url)
  ends.push(() => client.close())
  await client.listTools()
  return client
}

function createServer(): McpServer {
  const server = new McpServer({ name: 'issues', version: '1.0.0' })
  const tool = { description: 'Finds issues', inputSchema: z.object({ project: z.string() }) }
  server.registerTool(TOOL, tool, ({ project }) => ({
    content: [{ type: 'text', text: `issues of ${project}` }],
  }))
  return server
}

/** The digest of the tool as servers tell of it. */
async function pinsOf(): Promise<Record<string, string>> {
  const ends: (() => unknown)[] = []
  const { tools } = await (await openBare(ends)).listTools()
  for (const end of ends.toReversed()) await end()
  const definitions = JSON.parse(JSON.stringify(tools)) as readonly ({ readonly name: string } & JsonObject)[]
  return Object.fromEntries(definitions.map((tool) => [tool.name, digestToolDefinition(tool)]))
}

async function freeOrigin(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`
}

async function listen(app: Pick<Hono, 'fetch'>, origin: string, ends: (() => unknown)[]): Promise<void> {
  const server = createAdaptorServer(app)
  await new Promise<void>((resolve) => server.listen(Number(new URL(origin).port), '127.0.0.1', resolve))
  ends.push(() => new Promise((resolve) => server.close(resolve)))
}
