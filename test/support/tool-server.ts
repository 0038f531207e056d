import type { JsonObject } from '@behalf/core'
import { digestToolDefinition } from '@behalf/mcp'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'
import { freePort } from './free-port.ts'
import { listen, type McpServed, openEndpoint } from './mcp-endpoint.ts'
import type { World } from './world.ts'

/** The name of the tool, which takes a `project`. */
export const TOOL = 'search_issues'

/** A server of the SDK 2.x with that tool, which anybody may call. */
export async function openBareTools(create: () => McpServer = createServer): Promise<McpServed> {
  const { fetch } = createMcpHandler(create)
  return await listen((request) => fetch(request), await freePort())
}

/** The same behind an endpoint that trusts the authority of a world. */
export async function openProtectedTools(world: World): Promise<McpServed> {
  return await openEndpoint(world, { handler: createMcpHandler(createServer).fetch })
}

/** The digests of tools as such servers tell of them, as a delegation pins them. */
export async function pinsOfTools(create: () => McpServer = createServer): Promise<Record<string, string>> {
  const server = await openBareTools(create)
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
