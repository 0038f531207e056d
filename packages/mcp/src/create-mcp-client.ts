import { BehalfError } from '@behalf/core'
import type { Wallet } from '@behalf/wallet'
import {
  Client,
  type ClientOptions,
  type Implementation,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import { createMcpTransport } from './create-mcp-transport.ts'
import type { McpCallerOptions } from './mcp-caller.ts'

/** How a client calls, and what it says of itself to servers. */
export interface McpClientOptions extends McpCallerOptions {
  /** Default: `behalf`. */
  readonly clientInfo?: Implementation
  /** Of the SDK. Default: whichever protocol version both sides speak. */
  readonly client?: ClientOptions
}

const CLIENT_INFO: Implementation = { name: 'behalf', version: '0.1.0' }

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
  const { clientInfo = CLIENT_INFO, client: clientOptions } = options
  const client = new Client(clientInfo, { versionNegotiation: { mode: 'auto' }, ...clientOptions })
  const transport = createMcpTransport(
    wallet,
    url,
    ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch }),
    options,
  )
  try {
    await client.connect(transport)
  } catch (error) {
    throw findRefusal(error) ?? error
  }
  return client
}

/** The refusal that an error of the SDK wraps: the SDK only says that no version could be agreed on. */
function findRefusal(error: unknown): BehalfError<string> | undefined {
  if (error instanceof BehalfError) return error
  return error instanceof Error ? findRefusal(error.cause) : undefined
}
