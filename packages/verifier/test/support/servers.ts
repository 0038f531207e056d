import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createHttp2Server, type Http2Server } from 'node:http2'
import { getRequestListener } from '@hono/node-server'
import express, { type Express } from 'express'
import { Hono } from 'hono'
import { protect as protectExpress } from '../../src/express.ts'
import { protect as protectFetch } from '../../src/fetch.ts'
import { protect as protectHono } from '../../src/hono.ts'
import { type AnyVerifiedRequest, answerClientErrors, type RequestGuard } from '../../src/index.ts'

/** The verifier of an API, whichever it is. */
export type AnyGuard = RequestGuard<AnyVerifiedRequest<unknown>>

/** What every test server answers: what the handler saw. */
export interface Seen {
  readonly verified: AnyVerifiedRequest<unknown>
  readonly body: string
}

/** A server with one protected handler, on one of the adapters. */
export interface Adapter {
  readonly name: string
  create(verifier: AnyGuard, seen: Seen[]): Server
}

export function createExpressApp(verifier: AnyGuard, seen: Seen[]): Express {
  const app = express()
  app.use('/v1', protectExpress(verifier), (request, response) => {
    if (request.behalf === undefined) throw new Error('not protected')
    seen.push({ verified: request.behalf, body: String(request.body) })
    response.json({ path: request.url })
  })
  return app
}

export function createHonoApp(verifier: AnyGuard, seen: Seen[]): Hono {
  const app = new Hono()
  app.all('/v1/*', protectHono(verifier), async (context) => {
    seen.push({ verified: context.get('behalf'), body: await context.req.text() })
    return context.json({ path: context.req.path })
  })
  return app
}

export const adapters: readonly Adapter[] = [
  { name: 'Express', create: (verifier, seen) => createServer(createExpressApp(verifier, seen)) },
  {
    name: 'Hono',
    create: (verifier, seen) => createServer(getRequestListener(createHonoApp(verifier, seen).fetch)),
  },
  {
    name: 'Fetch',
    create: (verifier, seen) => {
      const handler = protectFetch(verifier, (request, verified) => {
        seen.push({ verified, body: new TextDecoder().decode(verified.body) })
        return Response.json({ path: new URL(request.url).pathname })
      })
      return createServer(getRequestListener(handler))
    },
  },
]

/** Starts a server on a free port of this machine and stops it after the work. */
export async function withServer<Result>(
  server: Server | Http2Server,
  work: (server: Server | Http2Server) => Promise<Result>,
): Promise<Result> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    return await work(server)
  } finally {
    server.close()
    if ('closeAllConnections' in server) server.closeAllConnections()
  }
}

/** Starts an adapter whose parser errors are answered as well. */
export function startAdapter(adapter: Adapter, verifier: AnyGuard, seen: Seen[] = []): Server {
  const server = adapter.create(verifier, seen)
  answerClientErrors(server, verifier)
  return server
}

/** The Hono application on HTTP/2 without TLS. */
export function createHttp2Adapter(verifier: AnyGuard, seen: Seen[] = []): Http2Server {
  return createHttp2Server(getRequestListener(createHonoApp(verifier, seen).fetch))
}
