import type { Wallet } from '@behalf/wallet'
import { type Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { type ClientIdentity, connectClient } from './connect-client.ts'
import { createMcpTransport } from './create-mcp-transport.ts'
import type { McpCallerOptions } from './mcp-caller.ts'

/** How a client calls, and what it says of itself to servers. */
export interface McpClientOptions extends McpCallerOptions, ClientIdentity {}

/**
 * A client of the SDK 2.x, connected to a protected endpoint, whichever protocol version it speaks. Each of its requests
 * is signed by the wallet under the delegation that allows it. Before a tool is called, the definition that the server
 * tells of it is held against the one that was approved. With `ask`, a right that is lacking is asked for, and the call
 * made when somebody approved it.
 *
 * @param url of the endpoint, as capabilities name it
 * @throws TypeError for a URL that is not one spelling of an endpoint
 * @throws McpError the code of a refusal; credential_missing where no delegation allows a call; tool_definition_changed.
 *   So do the calls of the client
 * @throws WalletError as `requestDelegation`, with `ask`
 * @example
 * const client = await createMcpClient(wallet, 'https://mcp.example.com/mcp')
 * const { tools } = await client.listTools()
 * await client.callTool({ name: 'search_issues', arguments: { project: 'ACME' } })
 */
export async function createMcpClient(
  wallet: Wallet,
  url: string,
  options: McpClientOptions = {},
): Promise<Client> {
  const transport = createMcpTransport(
    wallet,
    url,
    ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch }),
    options,
  )
  return await connectClient(transport, options)
}
