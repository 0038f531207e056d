import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Listening, ListenOptions } from '@behalf/authority'
import type { McpEndpoint } from '@behalf/mcp'
import { type AnyVerifiedRequest, answerClientErrors } from '@behalf/verifier'
import { answerRequestErrors, type ProtectedEnv, protect } from '@behalf/verifier/hono'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'

/** What a front knows of itself. */
export interface FrontState {
  /** Whether something fresh is known of the status of delegations. */
  readonly knowsStatus: () => boolean
  /** Whether requests that are signed now are accepted, see `openVerifierDatabase`. */
  readonly knowsNonces: () => boolean
}

const MAX_HEADER_BYTES = 32_768
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
const GRACE_MS = 5000

/**
 * A server that serves the endpoint, and beside it `GET /ready`, and the metadata for OAuth clients where there are
 * any. Every other request is one to the endpoint, which refuses what is not.
 */
export function createFrontServer(endpoint: McpEndpoint, state: FrontState): Server {
  const { verifier, metadata } = endpoint
  const app = new Hono<ProtectedEnv<AnyVerifiedRequest>>()
  app.use(async (c, next) => {
    const { pathname } = new URL(c.req.url)
    if (c.req.method === 'GET' && metadata !== undefined && pathname === metadata.path)
      return metadata.answer()
    if (c.req.method === 'GET' && pathname === '/ready') return answerReadiness(state)
    await next()
    return undefined
  })
  app.use(protect(verifier))
  app.all('*', (c) => endpoint.serve(c.req.raw, c.get('behalf')))
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1000,
    },
    getRequestListener(app.fetch, {
      overrideGlobalObjects: false,
      errorHandler: answerRequestErrors(verifier),
    }),
  )
  answerClientErrors(server, verifier)
  return server
}

/** A server of one document, at /metrics. */
export function createMetricsServer(
  expose: () => Promise<{ readonly type: string; readonly text: string }>,
): Server {
  const app = new Hono()
  app.get('/metrics', async (c) => {
    const { type, text } = await expose()
    return c.body(text, 200, { 'Content-Type': type })
  })
  return createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
}

/** Resolves once the server takes requests; rejects when the address is taken or not allowed. */
export async function listen(server: Server, { host, port }: ListenOptions): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  await promise
  server.off('error', reject)
  const address = server.address() as AddressInfo
  return { host: address.address, port: address.port }
}

/** Resolves once the server answered its last request; whoever dawdles is cut off. */
export async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const impatience = setTimeout(() => server.closeAllConnections(), GRACE_MS)
  server.close(() => resolve())
  await promise
  clearTimeout(impatience)
}

function answerReadiness({ knowsStatus, knowsNonces }: FrontState): Response {
  const [status, replay] = [knowsStatus(), knowsNonces()]
  const ready = status && replay
  return Response.json(
    { ready, status, replay },
    ready ? {} : { status: 503, headers: { 'Retry-After': '1' } },
  )
}
