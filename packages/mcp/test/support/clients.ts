import type { Wallet } from '@behalf/wallet'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createMcpClient } from '../../src/client.ts'
import { createMcpTransport, type McpCallerOptions } from '../../src/index.ts'
import type { Generation } from './servers.ts'
import { MCP_URL } from './world.ts'

/** What tests use of a client of either generation. */
export interface TestClient {
  callTool(call: { name: string; arguments?: Record<string, unknown> }): Promise<unknown>
  listTools(): Promise<{ tools: object[] }>
  readResource(call: { uri: string }): Promise<unknown>
  getPrompt(call: { name: string; arguments?: Record<string, string> }): Promise<unknown>
  close(): Promise<void>
}

/** A connected client of that generation. */
export async function connect(
  generation: Generation,
  wallet: Wallet,
  options: McpCallerOptions = {},
): Promise<TestClient> {
  if (generation === '2.x') return await createMcpClient(wallet, MCP_URL, options)
  const client = new SessionClient({ name: 'test', version: '1.0.0' })
  const transport = createMcpTransport(
    wallet,
    MCP_URL,
    ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch }),
    options,
  )
  // Its declaration of sessionId does not allow for exact optional properties.
  await client.connect(transport as Parameters<typeof client.connect>[0])
  return client
}
