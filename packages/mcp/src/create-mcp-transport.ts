import type { Wallet } from '@behalf/wallet'
import { parseEndpointUrl } from './endpoint-url.ts'
import { createMcpCaller, type McpCallerOptions } from './mcp-caller.ts'
import { type PinnedTransport, pinTools } from './pin-tools.ts'
import { createSigningFetch, type McpFetch } from './signing-fetch.ts'
import type { TransportLike } from './wrap-transport.ts'

/** What a transport of an SDK is made with. */
export interface McpTransportParts {
  readonly endpoint: URL
  /** For its option `fetch`. */
  readonly fetch: McpFetch
}

/**
 * A transport of either SDK that signs and checks as `createMcpClient` does, for a client of your own.
 *
 * @param create makes the transport of the SDK, not started
 * @example
 * // SDK 1.x
 * await client.connect(createMcpTransport(wallet, url, ({ endpoint, fetch }) => new StreamableHTTPClientTransport(endpoint, { fetch })))
 */
export function createMcpTransport<Transport extends TransportLike>(
  wallet: Wallet,
  url: string,
  create: (parts: McpTransportParts) => Transport,
  options: McpCallerOptions = {},
): Transport {
  const endpoint = parseEndpointUrl(url)
  const caller = createMcpCaller(wallet, endpoint, options)
  const known: { pinned?: PinnedTransport<Transport> } = {}
  const fetch = createSigningFetch(caller, () => known.pinned?.digests ?? new Map())
  known.pinned = pinTools(create({ endpoint, fetch }))
  return known.pinned.transport
}
