import type { Wallet } from '@behalf/wallet'
import { parseEndpointUrl } from './endpoint-url.ts'
import { createMcpCaller, type McpCallerOptions } from './mcp-caller.ts'
import { type PinnedTransport, pinTools } from './pin-tools.ts'
import { proveMessages } from './prove-messages.ts'
import type { TransportLike } from './wrap-transport.ts'

/** How a client on stdio calls. */
export interface StdioTransportOptions extends McpCallerOptions {
  /** The greatest message that the server takes, in bytes; default 1 MiB, which is the default of `createStdioEndpoint`. */
  readonly maxMessageBytes?: number
}

const MAX_MESSAGE_BYTES = 1_048_576

/**
 * A transport of either SDK whose messages carry their proof, for a server on stdio behind `createStdioEndpoint`. Each
 * is signed by the wallet under the delegation that allows it. Before a tool is called, the definition that the server
 * tells of it is held against the one that was approved. With `ask`, a right that is lacking is asked for, and the call
 * made when somebody approved it.
 *
 * @param audience URI of the server, as capabilities name it
 * @param inner the transport of the SDK, not started
 * @throws TypeError for an audience that is not one spelling of a URI without query and fragment
 * @returns sending over it rejects with McpError: the code of a refusal; credential_missing where no delegation allows
 *   a call; tool_definition_changed; json_ambiguous, request_malformed and request_too_large for what the server would
 *   refuse to read. So do the calls of a client
 * @example
 * const server = new StdioClientTransport({ command: 'issues-server' })
 * await client.connect(createStdioTransport(wallet, 'urn:example:issues', server))
 */
export function createStdioTransport<Transport extends TransportLike>(
  wallet: Wallet,
  audience: string,
  inner: Transport,
  options: StdioTransportOptions = {},
): Transport {
  const { maxMessageBytes = MAX_MESSAGE_BYTES, ...rest } = options
  const caller = createMcpCaller(wallet, parseEndpointUrl(audience), rest)
  const known: { pinned?: PinnedTransport<Transport> } = {}
  const digests = (): ReadonlyMap<string, string> => known.pinned?.digests ?? new Map()
  known.pinned = pinTools(proveMessages(inner, { caller, digests, maxMessageBytes }))
  return known.pinned.transport
}
