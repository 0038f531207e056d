import type { JsonObject } from '@behalf/core'
import { createMcpTransport, digestToolDefinition } from '@behalf/mcp'
import { createSessionHandler } from '@behalf/mcp/sessions'
import type { Wallet } from '@behalf/wallet'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { z } from 'zod'
import { freePort } from './free-port.ts'
import { listen, type McpServed, openEndpoint } from './mcp-endpoint.ts'
import { TOOL } from './tool-server.ts'
import type { World } from './world.ts'

// As tool-server.ts, with sessions of the SDK 1.x on both sides.

/** A server that anybody may call. */
export async function openBareSessions(): Promise<McpServed> {
  const handler = createSessionHandler(createServer)
  return await listen((request) => handler(request, {}), await freePort())
}

/** The same behind an endpoint that trusts the authority of a world. */
export async function openProtectedSessions(world: World): Promise<McpServed> {
  return await openEndpoint(world, { handler: createSessionHandler(createServer) })
}

/** The digests of the tools as such servers tell of them, as a delegation pins them. */
export async function pinsOfSessions(): Promise<Record<string, string>> {
  const server = await openBareSessions()
  const client = await connectSession(server.url)
  const { tools } = await client.listTools()
  await client.close()
  await server.end()
  const definitions = JSON.parse(JSON.stringify(tools)) as readonly ({ readonly name: string } & JsonObject)[]
  return Object.fromEntries(definitions.map((tool) => [tool.name, digestToolDefinition(tool)]))
}

/** A client of the bare SDK. */
export async function connectSession(url: string): Promise<Client> {
  return await connect(new StreamableHTTPClientTransport(new URL(url)))
}

/** A client of the SDK whose requests a wallet signs. */
export async function connectSignedSession(wallet: Wallet, url: string): Promise<Client> {
  return await connect(
    createMcpTransport(
      wallet,
      url,
      ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch }),
    ),
  )
}

async function connect(transport: StreamableHTTPClientTransport): Promise<Client> {
  const client = new Client({ name: 'test', version: '1.0.0' })
  // Its declaration of sessionId does not allow for exact optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0])
  return client
}

function createServer(): McpServer {
  const server = new McpServer({ name: 'issues', version: '1.0.0' })
  const tool = { description: 'Finds issues', inputSchema: { project: z.string() } }
  server.registerTool(TOOL, tool, ({ project }) => ({
    content: [{ type: 'text', text: `issues of ${project}` }],
  }))
  return server
}
