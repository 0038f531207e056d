import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { answerClientErrors, VerifierError } from '@behalf/verifier'
import { getRequestListener, RequestError } from '@hono/node-server'
import { cutFailedStream } from './cut-failed-stream.ts'
import type { HttpApp } from './http-app.ts'

/** Where an authority listens. */
export interface ListenOptions {
  /** Address of the interface, such as `127.0.0.1`. */
  readonly host: string
  /** 0 for any that is free; the origin was fixed before, so that is for tests. */
  readonly port: number
}

/** A server that takes requests. */
export interface Listening {
  readonly host: string
  readonly port: number
}

const MAX_HEADER_BYTES = 32_768
const HEADERS_TIMEOUT_MS = 10_000
const REQUEST_TIMEOUT_MS = 30_000
const GRACE_MS = 10_000

/** A server over the app, with limits on how long and how large a request may be. */
export function createHttpServer({ app, guard }: HttpApp): Server {
  const server = createServer(
    {
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      connectionsCheckingInterval: 1000,
    },
    getRequestListener(
      async (request, env) => cutFailedStream(await app.fetch(request, env), () => env.outgoing.destroy()),
      {
        overrideGlobalObjects: false,
        errorHandler: (error) => answerUnreadable(guard, error),
      },
    ),
  )
  answerClientErrors(server, guard)
  return server
}

/** Resolves once the server takes requests; rejects when the address is taken or not allowed. */
export async function listen(server: Server, { host, port }: ListenOptions): Promise<Listening> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  await promise
  server.off('error', reject)
  const address = server.address()
  return isAddress(address) ? { host: address.address, port: address.port } : { host, port }
}

/**
 * Resolves once the server took its last request and answered it, or never listened.
 *
 * @param graceMilliseconds - whoever dawdles for longer is cut off
 */
export async function closeServer(server: Server, graceMilliseconds: number = GRACE_MS): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const impatience = setTimeout(() => server.closeAllConnections(), graceMilliseconds)
  server.close(() => resolve())
  await promise
  clearTimeout(impatience)
}

/** What goes wrong before the app has a request, such as a Host that is none, is answered like everything else. */
function answerUnreadable(guard: HttpApp['guard'], error: unknown): Response {
  const refusal =
    error instanceof RequestError
      ? new VerifierError('request_malformed', 'no request that can be read')
      : error
  const { status, headers, body } = guard.refuse(refusal, guard.requestId())
  return new Response(body, { status, headers })
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
