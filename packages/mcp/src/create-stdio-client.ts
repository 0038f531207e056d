import type { Wallet } from '@behalf/wallet'
import type { Client, Transport } from '@modelcontextprotocol/client'
import { type ClientIdentity, connectClient } from './connect-client.ts'
import { createStdioTransport, type StdioTransportOptions } from './create-stdio-transport.ts'

/** How a client on stdio calls, and what it says of itself to servers. */
export interface StdioClientOptions extends StdioTransportOptions, ClientIdentity {}

/**
 * A client of the SDK 2.x, connected to a server on stdio behind `createStdioEndpoint`, whichever protocol version it
 * speaks. It proves and checks as `createStdioTransport` does.
 *
 * @param audience URI of the server, as capabilities name it
 * @param server the transport of the SDK to it, not started
 * @throws TypeError, McpError, WalletError as `createStdioTransport`; so do the calls of the client
 * @example
 * const server = new StdioClientTransport({ command: 'issues-server' })
 * const client = await createStdioClient(wallet, 'urn:example:issues', server)
 * await client.callTool({ name: 'search_issues', arguments: { project: 'ACME' } })
 */
export async function createStdioClient(
  wallet: Wallet,
  audience: string,
  server: Transport,
  options: StdioClientOptions = {},
): Promise<Client> {
  return await connectClient(createStdioTransport(wallet, audience, server, options), options)
}
