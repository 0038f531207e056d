import {
  createServer as createPlainServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  type AnyVerifiedRequest,
  answerClientErrors,
  type RefusalAnswers,
  type RequestGuard,
} from '@behalf/verifier'
import { protect as protectExpress } from '@behalf/verifier/express'
import { protect as protectFetch } from '@behalf/verifier/fetch'
import { answerRequestErrors, protect as protectHono } from '@behalf/verifier/hono'
import { getRequestListener, RequestError } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'

/** The adapters of the verifier, each on Node's HTTP server. */
export const ADAPTERS = ['hono', 'express', 'fetch'] as const
export type AdapterName = (typeof ADAPTERS)[number]

/** How the server of an API is set up. */
export interface ServerSetup {
  readonly verifier: RequestGuard<AnyVerifiedRequest<unknown>>
  /** Runs for every request that reached the handler. */
  readonly onHandled: () => void
  /** A body parser before the verifier: the mistake that must not go unnoticed. */
  readonly parsesBodyFirst?: boolean
  /** The verifier guards an application that is mounted under /v1. */
  readonly isMounted?: boolean
  readonly server?: ServerOptions
}

/** A server that listens on a port of its own. */
export interface RunningServer {
  readonly port: number
  close(): Promise<void>
}

const LISTENERS: Readonly<Record<AdapterName, (setup: ServerSetup) => RequestListener>> = {
  hono: createHonoListener,
  express: listenExpress,
  fetch: listenFetch,
}

/** Starts a protected API that answers 200 {"code":"ok"} to whatever it lets through. */
export async function startServer(adapter: AdapterName, setup: ServerSetup): Promise<RunningServer> {
  const server = createPlainServer(setup.server ?? {}, LISTENERS[adapter](setup))
  answerClientErrors(server, setup.verifier)
  await listen(server)
  return {
    port: (server.address() as AddressInfo).port,
    close: () => close(server),
  }
}

/** The hono adapter, for HTTP/1.1 and HTTP/2. */
export function createHonoListener({
  verifier,
  onHandled,
  parsesBodyFirst = false,
  isMounted = false,
}: ServerSetup): ReturnType<typeof getRequestListener> {
  const app = new Hono()
  if (parsesBodyFirst) {
    app.use(async (context, next) => {
      await context.req.json()
      await next()
    })
  }
  const api = new Hono()
  api.use(protectHono(verifier))
  api.all('*', (context) => {
    onHandled()
    return context.json({ code: 'ok' })
  })
  app.route(isMounted ? '/v1' : '/', api)
  return getRequestListener(app.fetch, {
    overrideGlobalObjects: false,
    // The server builds a URL of every request before the app sees it, and asks this what to say where it cannot.
    errorHandler: answerRequestErrors(verifier),
  })
}

function listenExpress({
  verifier,
  onHandled,
  parsesBodyFirst = false,
  isMounted = false,
}: ServerSetup): RequestListener {
  const app = express()
  if (parsesBodyFirst) app.use(express.json())
  app.use(isMounted ? '/v1' : '/', protectExpress(verifier), (_request, response) => {
    onHandled()
    response.json({ code: 'ok' })
  })
  return app
}

function listenFetch({ verifier, onHandled, parsesBodyFirst = false }: ServerSetup): RequestListener {
  const handle = protectFetch(verifier, () => {
    onHandled()
    return Response.json({ code: 'ok' })
  })
  return (incoming, outgoing) => {
    void answerFetch(incoming, verifier, async (request) => {
      if (parsesBodyFirst) await request.text()
      return handle(request)
    })
      .then((response) => send(response, outgoing))
      .catch(() => outgoing.destroy())
  }
}

type FetchHandler = (request: Request) => Promise<Response>

/**
 * The bridge of a runtime that knows only web requests: what a `Request` cannot say is lost before the verifier, and
 * what no `Request` can be made of is refused here.
 */
async function answerFetch(
  incoming: IncomingMessage,
  verifier: RefusalAnswers,
  handle: FetchHandler,
): Promise<Response> {
  const request = toWebRequest(incoming)
  if (request !== undefined) return handle(request)
  return answerRequestErrors(verifier)(new RequestError('no web request'))
}

async function send(response: Response, outgoing: ServerResponse): Promise<void> {
  outgoing.writeHead(response.status, [...response.headers].flat())
  outgoing.end(new Uint8Array(await response.arrayBuffer()))
}

function toWebRequest(incoming: IncomingMessage): Request | undefined {
  const headers = new Headers()
  for (let index = 0; index + 1 < incoming.rawHeaders.length; index += 2) {
    headers.append(incoming.rawHeaders[index] ?? '', incoming.rawHeaders[index + 1] ?? '')
  }
  const target = incoming.url ?? ''
  const url = target.startsWith('/') ? `https://${incoming.headers.host ?? ''}${target}` : target
  const hasBody = 'content-length' in incoming.headers || 'transfer-encoding' in incoming.headers
  const body = hasBody ? ({ body: streamOf(incoming), duplex: 'half' } as const) : {}
  try {
    return new Request(url, { method: incoming.method ?? '', headers, ...body })
  } catch {
    return undefined
  }
}

function streamOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const parts: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]()
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await parts.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}

function listen(server: Server): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject).listen(0, '127.0.0.1', resolve)
  return promise
}

function close(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  server.close(() => resolve())
  server.closeAllConnections()
  return promise
}
