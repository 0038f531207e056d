import type { Context, MiddlewareHandler } from 'hono'
import { VerifierError } from './error.ts'
import { fromFetchRequest } from './fetch-request.ts'
import { toFetchResponse } from './fetch-response.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { mustClose, type NodeRequest, toIncomingRequest } from './node-request.ts'
import type { ProblemResponse } from './problem-response.ts'
import type { AcceptedRequest, RequestGuard } from './request-guard.ts'

/** What `protect` leaves in the context: `c.get('behalf')`. */
export interface ProtectedEnv<Verified> {
  Variables: { behalf: Verified }
}

/**
 * Middleware that lets only verified requests through: `c.get('behalf')` is what the verifier returned, and `c.req`
 * reads the verified bytes. On Node it works on the raw request of `@hono/node-server`; elsewhere it sees what a web
 * `Request` shows.
 *
 * @param guard a verifier of delegated requests, or of requests signed by a bare key
 * @example
 * app.use('/v1/*', protect(verifier))
 */
export function protect<Verified extends AcceptedRequest & { readonly body: Uint8Array }>(
  guard: RequestGuard<Verified>,
): MiddlewareHandler<ProtectedEnv<Verified>> {
  return async (context, next) => {
    const requestId = guard.requestId()
    const verified = await verifyOrRefuse(guard, context, requestId)
    if (verified instanceof Response) return verified
    context.set('behalf', verified)
    await next()
    for (const [name, value] of verified.answerHeaders ?? []) context.header(name, value)
    context.header('Request-Id', requestId)
    return undefined
  }
}

async function verifyOrRefuse<Verified extends { readonly body: Uint8Array }>(
  guard: RequestGuard<Verified>,
  context: Context,
  requestId: string,
): Promise<Verified | Response> {
  try {
    const verified = await guard.verify(readContext(context, requestId))
    offerBody(context, verified.body)
    return verified
  } catch (error) {
    return refuse(context, guard.refuse(error, requestId))
  }
}

/**
 * Requests of which `@hono/node-server` cannot make a web request, such as one whose Host is none, are answered like
 * every other refusal, with a code and a Request-Id; the server alone sends a bare 400.
 *
 * @param guard whose answers are used
 * @returns the option `errorHandler` of `getRequestListener`
 * @example
 * createServer(getRequestListener(app.fetch, { errorHandler: answerRequestErrors(verifier) }))
 */
export function answerRequestErrors(guard: RequestGuard<unknown>): (error: unknown) => Response {
  return (error) => {
    // By name, because the class belongs to a server that is not there on other runtimes.
    const isUnreadable = error instanceof Error && error.name === 'RequestError'
    const refusal = isUnreadable
      ? new VerifierError('request_malformed', 'no web request can be made of it', { cause: error })
      : error
    return toFetchResponse(guard.refuse(refusal, guard.requestId()))
  }
}

function readContext(context: Context, requestId: string): IncomingRequest {
  const incoming = nodeRequestOf(context)
  if (incoming !== undefined) return toIncomingRequest(incoming, { requestId })
  return fromFetchRequest(context.req.raw, requestId)
}

function refuse(context: Context, problem: ProblemResponse): Response {
  const response = toFetchResponse(problem)
  const incoming = nodeRequestOf(context)
  if (incoming !== undefined && mustClose(incoming)) response.headers.set('Connection', 'close')
  return response
}

function nodeRequestOf(context: Context): NodeRequest | undefined {
  const env: unknown = context.env
  if (typeof env !== 'object' || env === null || !('incoming' in env)) return undefined
  return isNodeRequest(env.incoming) ? env.incoming : undefined
}

function isNodeRequest(value: unknown): value is NodeRequest {
  return typeof value === 'object' && value !== null && 'rawHeaders' in value && 'readableDidRead' in value
}

/** Later handlers read the body from here: the stream of the request was read to verify it. */
function offerBody(context: Context, body: Uint8Array): void {
  const { method, headers, url } = context.req.raw
  if (body.length > 0 && method !== 'GET' && method !== 'HEAD') {
    context.req.raw = new Request(url, { method, headers, body: new Uint8Array(body) })
  }
}
