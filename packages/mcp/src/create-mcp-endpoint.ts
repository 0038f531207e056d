import { systemClock } from '@behalf/core'
import type { AnyVerifiedRequest } from '@behalf/verifier'
import { protect } from '@behalf/verifier/fetch'
import { parseEndpointUrl } from './endpoint-url.ts'
import { createEndpointVerifier, type McpVerifier, type McpVerifierOptions } from './endpoint-verifier.ts'
import { createMcpProtocol } from './mcp-protocol.ts'
import { createMcpSessions, type SessionLimits } from './mcp-sessions.ts'
import { describeResource, type ResourceMetadata } from './resource-metadata.ts'
import { endSession, type McpHandler, serveVerified } from './serve-verified.ts'

/** What an endpoint works with: the options of its verifier, its URL and the server behind it. */
export interface McpEndpointOptions<Account> extends McpVerifierOptions<Account>, SessionLimits {
  /** URL of the endpoint as capabilities name it, such as `https://mcp.example.com/mcp`. */
  readonly url: string
  readonly handler: McpHandler
  /** Values of Origin that may call beside the endpoint's own. */
  readonly allowedOrigins?: readonly string[]
}

/** An MCP endpoint that only verified requests reach. */
export interface McpEndpoint<Account = undefined> {
  /** Verifies its requests; for the adapters of `@behalf/verifier` and `answerClientErrors`. */
  readonly verifier: McpVerifier<Account>
  /** Has the server answer a request that `verifier` accepted. Never rejects. */
  readonly serve: (request: Request, verified: AnyVerifiedRequest<Account>) => Promise<Response>
  /** For OAuth clients, where the endpoint takes tokens; to be served at its path. @see RFC 9728 */
  readonly metadata: ResourceMetadata | undefined
  /** All of it, where a web `Request` is all there is. */
  readonly fetch: (request: Request) => Promise<Response>
}

/**
 * Puts the verifier in front of an MCP server. Every request is signed on its own, whatever session it belongs to; only
 * capabilities of type `mcp` for exactly this URL count, held against the message as it was strictly parsed. A session
 * of MCP 2025-11-25 belongs to the key and the delegation it was opened with. The server sees the verified caller
 * (`verifiedCaller`) and no credential. A call whose chain dies is answered with the refusal that a new one would get,
 * its `signal` is aborted, and its session ended. With `tokens` the same holds for access tokens, but that their proof
 * does not cover the message.
 *
 * @throws TypeError for a URL that is not one spelling of an endpoint, and as `createRequestVerifier` and
 * `createTokenVerifier`
 * @see MCP 2026-07-28 and 2025-11-25, Streamable HTTP
 * @example
 * const endpoint = createMcpEndpoint({ url: 'https://mcp.example.com/mcp', handler: createMcpHandler(createServer).fetch, ...options })
 * app.all('/mcp', protect(endpoint.verifier), (c) => endpoint.serve(c.req.raw, c.get('behalf')))
 */
export function createMcpEndpoint<Account = undefined>(
  options: McpEndpointOptions<Account>,
): McpEndpoint<Account> {
  const { handler, allowedOrigins = [], url: address, ...rest } = options
  const url = parseEndpointUrl(address)
  const sessions = createMcpSessions(options, (id) => endSession(id, { url, handler }))
  const protocol = createMcpProtocol({ url, allowedOrigins, sessions })
  const verifier = createEndpointVerifier<Account>(rest, { url, protocol })
  const serving = { url, handler, sessions, verifier, clock: rest.clock ?? systemClock }
  const serve: McpEndpoint<Account>['serve'] = (request, verified) =>
    serveVerified(request, verified, serving)
  const authorities = rest.tokens?.authorities.map(({ issuer }) => issuer)
  const metadata = authorities && describeResource(url, authorities)
  const answer = protect(verifier, serve)
  return {
    verifier,
    serve,
    metadata,
    fetch: async (request) =>
      metadata && request.method === 'GET' && new URL(request.url).pathname === metadata.path
        ? metadata.answer()
        : await answer(request),
  }
}
