import type { JsonObject } from '@behalf/core'
import { createMcpEndpoint, digestToolDefinition } from '@behalf/mcp'
import { createMemoryReplayStore, createMemoryUseCounter, createStatusSource } from '@behalf/verifier'
import { protect } from '@behalf/verifier/hono'
import { createAdaptorServer } from '@hono/node-server'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import { z } from 'zod'
import { freePort } from './free-port.ts'
import type { World } from './world.ts'

/** An MCP server of the SDK 2.x with one tool, over HTTP on loopback. */
export interface ToolServer {
  /** Of its endpoint. */
  readonly url: string
  end(): Promise<void>
}

/** The name of the tool, which takes a `project`. */
export const TOOL = 'search_issues'

/** A server that anybody may call. */
export async function openBareTools(): Promise<ToolServer> {
  const { fetch } = createMcpHandler(createServer)
  const app = new Hono()
  app.all('/mcp', (c) => fetch(c.req.raw))
  return await listen(app, await freePort())
}

/** The same behind an endpoint that trusts the authority of a world. */
export async function openProtectedTools(world: World): Promise<ToolServer> {
  const port = await freePort()
  const statusSource = createStatusSource({
    issuers: [{ did: world.issuer, url: `${world.authority}/status/heartbeat` }],
    pollSeconds: 0.05,
  })
  // Running for a while: new ones cannot know what was accepted just before.
  const clock = (): number => Date.now() - 60_000
  const endpoint = createMcpEndpoint({
    url: `http://127.0.0.1:${port}/mcp`,
    handler: createMcpHandler(createServer).fetch,
    trustedIssuers: [world.issuer],
    statusSource,
    replayStore: createMemoryReplayStore({ clock }),
    useCounter: createMemoryUseCounter({ clock }),
  })
  const app = new Hono<{ Variables: { behalf: Parameters<typeof endpoint.serve>[1] } }>()
  app.use('/mcp', protect(endpoint.verifier))
  app.all('/mcp', (c) => endpoint.serve(c.req.raw, c.get('behalf')))
  const server = await listen(app, port)
  await statusSource.ready()
  return {
    url: server.url,
    end: async () => {
      statusSource.close()
      await server.end()
    },
  }
}

/** The digest of the tool as such servers tell of it, as a delegation pins it. */
export async function pinsOfTools(): Promise<Record<string, string>> {
  const server = await openBareTools()
  const client = await connect(server.url)
  const { tools } = await client.listTools()
  await client.close()
  await server.end()
  const definitions = JSON.parse(JSON.stringify(tools)) as readonly ({ readonly name: string } & JsonObject)[]
  return Object.fromEntries(definitions.map((tool) => [tool.name, digestToolDefinition(tool)]))
}

/** A client of the bare SDK. */
export async function connect(url: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
  await client.connect(new StreamableHTTPClientTransport(new URL(url)))
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

async function listen(app: Pick<Hono, 'fetch'>, port: number): Promise<ToolServer> {
  const server = createAdaptorServer(app)
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    end: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        if ('closeAllConnections' in server) server.closeAllConnections()
      }),
  }
}
