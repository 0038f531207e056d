import { createServer, type Server } from 'node:http'
import { createServer as createHttp2Server, type Http2Server } from 'node:http2'
import { getRequestListener } from '@hono/node-server'
import express, { type Express } from 'express'
import { Hono } from 'hono'
import { protect as protectExpress } from '../../src/express.ts'
import { protect as protectFetch } from '../../src/fetch.ts'
import { protect as protectHono } from '../../src/hono.ts'
import type { AnyVerifiedRequest, RequestObserver, VerifierErrorCode } from '../../src/index.ts'

/** What the handler behind an observing verifier saw of one request. */
export interface Observed {
  readonly verified: AnyVerifiedRequest<unknown> | undefined
  readonly refusal: VerifierErrorCode | undefined
  readonly body: string
}

/** A server with one handler behind an observing verifier, on one of the adapters. */
export interface ObservedAdapter {
  readonly name: string
  create(observer: RequestObserver<unknown>, seen: Observed[]): Server
}

/** The body as an API reads it that has no verifier yet, with a parser behind `protect`. */
export function createObservedExpress(observer: RequestObserver<unknown>, seen: Observed[]): Express {
  const app = express()
  app.use('/v1', protectExpress(observer), express.raw({ type: () => true, limit: '9mb' }))
  app.use('/v1', (request, response) => {
    const body = request.body instanceof Buffer ? request.body.toString() : ''
    seen.push({ verified: request.behalf, refusal: request.behalfRefusal, body })
    response.send('handled')
  })
  return app
}

export function createObservedHono(observer: RequestObserver<unknown>, seen: Observed[]): Hono {
  const app = new Hono()
  // A handler whose peer went away; the default would print it.
  app.onError(() => new Response(null, { status: 500 }))
  app.all('/v1/*', protectHono(observer), async (context) => {
    const { behalf, behalfRefusal } = context.var
    seen.push({ verified: behalf, refusal: behalfRefusal, body: await context.req.text() })
    return context.text('handled')
  })
  return app
}

export const observedAdapters: readonly ObservedAdapter[] = [
  { name: 'Express', create: (observer, seen) => createServer(createObservedExpress(observer, seen)) },
  {
    name: 'Hono',
    create: (observer, seen) => createServer(getRequestListener(createObservedHono(observer, seen).fetch)),
  },
  {
    name: 'Fetch',
    create: (observer, seen) => {
      const handler = protectFetch(observer, async (request, verified, refusal) => {
        const body = verified === undefined ? await request.text() : new TextDecoder().decode(verified.body)
        seen.push({ verified, refusal, body })
        return new Response('handled')
      })
      return createServer(getRequestListener(handler))
    },
  },
]

/** The Hono application on HTTP/2 without TLS. */
export function createObservedHttp2(observer: RequestObserver<unknown>, seen: Observed[]): Http2Server {
  return createHttp2Server(getRequestListener(createObservedHono(observer, seen).fetch))
}
