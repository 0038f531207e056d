import { encodeBase64url, type RandomBytes, systemRandomBytes } from '@behalf/core'
import type { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
import { SESSION_FIELD } from './mcp-protocol.ts'
import type { McpHandler } from './serve-verified.ts'

const SESSION_ID_BYTES = 24

/** Makes the server of one session. */
export type CreateSessionServer = () => McpServer | Server | Promise<McpServer | Server>

/** How sessions are served. */
export interface SessionHandlerOptions {
  readonly random?: RandomBytes
}

/**
 * A handler that serves MCP 2025-11-25 with sessions, on the SDK 1.x: a server and a transport for each. How many there
 * may be is for the endpoint to say, which also ends those that nobody uses.
 *
 * @example
 * createMcpEndpoint({ url, handler: createSessionHandler(() => createServer()), ...options })
 */
export function createSessionHandler(
  createServer: CreateSessionServer,
  { random = systemRandomBytes }: SessionHandlerOptions = {},
): McpHandler {
  const transports = new Map<string, WebStandardStreamableHTTPServerTransport>()
  const open = async (): Promise<WebStandardStreamableHTTPServerTransport> => {
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => encodeBase64url(random(SESSION_ID_BYTES)),
      onsessioninitialized: (id) => void transports.set(id, transport),
      onsessionclosed: (id) => void transports.delete(id),
    })
    await (await createServer()).connect(transport)
    return transport
  }
  return async (request, options) => {
    const id = request.headers.get(SESSION_FIELD)
    const transport = id === null ? await open() : transports.get(id)
    if (transport === undefined) return new Response(null, { status: 404 })
    return await transport.handleRequest(request, options)
  }
}
