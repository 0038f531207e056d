import type { Context, MiddlewareHandler } from 'hono'
import { cutWithChain, endWithChain, type NodeAnswer } from './end-with-chain.ts'
import { VerifierError, type VerifierErrorCode } from './error.ts'
import { fromFetchRequest, peekFetchRequest } from './fetch-request.ts'
import { toFetchResponse } from './fetch-response.ts'
import { mustClose, type NodeRequest, toIncomingRequest } from './node-request.ts'
import { finishPeeked, peekNodeBody } from './peek-node-body.ts'
import type { ProblemResponse } from './problem-response.ts'
import type { AcceptedRequest, ObservingGuard, RefusalAnswers, RequestGuard } from './request-guard.ts'
import { tellNodeAnswer } from './tell-node-answer.ts'

/** What `protect` leaves in the context: `c.get('behalf')`. */
export interface ProtectedEnv<Verified> {
  Variables: { behalf: Verified }
}

/** What `protect` leaves in the context when its verifier may observe: one of the two. */
export interface ObservedEnv<Verified> {
  Variables: {
    behalf: Verified | undefined
    /** The code with which an observing verifier would have refused the request. */
    behalfRefusal: VerifierErrorCode | undefined
  }
}

/**
 * Middleware that lets only verified requests through: `c.get('behalf')` is what the verifier returned, and `c.req`
 * reads the verified bytes. On Node it works on the raw request of `@hono/node-server`; elsewhere it sees what a web
 * `Request` shows.
 *
 * With an observing verifier every request comes through: one that would have been refused as it came, without
 * `c.get('behalf')` and with the code in `c.get('behalfRefusal')`.
 *
 * @param guard a verifier of delegated requests, or of requests signed by a bare key
 * @example
 * app.use('/v1/*', protect(verifier))
 */
export function protect<Verified extends AcceptedRequest>(
  guard: RequestGuard<Verified>,
): MiddlewareHandler<ProtectedEnv<Verified>>
export function protect<Verified extends AcceptedRequest>(
  guard: RequestGuard<Verified> | ObservingGuard<Verified>,
): MiddlewareHandler<ObservedEnv<Verified>>
export function protect<Verified extends AcceptedRequest>(
  guard: RequestGuard<Verified> | ObservingGuard<Verified>,
): MiddlewareHandler {
  return async (context, next) => {
    const requestId = guard.requestId()
    const outcome =
      guard.mode === 'observe'
        ? await observe(guard, context, requestId)
        : await enforce(guard, context, requestId)
    if (outcome instanceof Response) return outcome
    await next()
    if (outcome !== undefined && nodeAnswerOf(context) === undefined) {
      outcome.answered?.({ status: context.res.status, isCutOff: false })
      // What observes ends nothing.
      if (guard.mode !== 'observe') endAnswer(context, outcome)
    }
    for (const [name, value] of outcome?.answerHeaders ?? []) context.header(name, value)
    context.header('Request-Id', requestId)
    return undefined
  }
}

/** On Node the answer of the server is cut off instead. */
function endAnswer(context: Context, verified: AcceptedRequest): void {
  const { body } = context.res
  const bound = endWithChain(body, verified)
  if (bound !== body) context.res = new Response(bound, context.res)
}

async function enforce(
  guard: RequestGuard<AcceptedRequest>,
  context: Context,
  requestId: string,
): Promise<AcceptedRequest | Response> {
  const incoming = nodeRequestOf(context)
  try {
    const verified = await guard.verify(
      incoming === undefined
        ? { ...fromFetchRequest(context.req.raw, requestId), tellsOutcome: true }
        : toIncomingRequest(incoming, { requestId, tellsOutcome: true }),
    )
    attach(context, verified)
    const answer = nodeAnswerOf(context)
    if (answer !== undefined) cutWithChain(answer, verified)
    return verified
  } catch (error) {
    return refuse(context, guard.refuse(error, requestId))
  }
}

async function observe(
  guard: ObservingGuard<AcceptedRequest>,
  context: Context,
  requestId: string,
): Promise<AcceptedRequest | undefined> {
  const incoming = nodeRequestOf(context)
  const wasRead = incoming?.readableDidRead === true
  const { verified, refusal } = await guard.verify(
    incoming === undefined
      ? { ...peekFetchRequest(context.req.raw, requestId), tellsOutcome: true }
      : toIncomingRequest(incoming, { requestId, readBody: peekNodeBody, tellsOutcome: true }),
  )
  if (verified !== undefined) {
    if (incoming !== undefined) await finishPeeked(incoming)
    attach(context, verified)
    return verified
  }
  context.set('behalf', undefined)
  context.set('behalfRefusal', refusal.code)
  if (incoming?.readableDidRead === true && !wasRead) offerStream(context, incoming)
  return undefined
}

function attach(context: Context, verified: AcceptedRequest): void {
  context.set('behalfRefusal', undefined)
  context.set('behalf', verified)
  offerBody(context, verified.body)
  const answer = nodeAnswerOf(context)
  if (answer !== undefined) tellNodeAnswer(answer, verified)
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
export function answerRequestErrors(guard: RefusalAnswers): (error: unknown) => Response {
  return (error) => {
    // By name, because the class belongs to a server that is not there on other runtimes.
    const isUnreadable = error instanceof Error && error.name === 'RequestError'
    const refusal = isUnreadable
      ? new VerifierError('request_malformed', 'no web request can be made of it', { cause: error })
      : error
    return toFetchResponse(guard.refuse(refusal, guard.requestId()))
  }
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

function nodeAnswerOf(context: Context): NodeAnswer | undefined {
  const env: unknown = context.env
  if (typeof env !== 'object' || env === null || !('outgoing' in env)) return undefined
  return isNodeAnswer(env.outgoing) ? env.outgoing : undefined
}

function isNodeAnswer(value: unknown): value is NodeAnswer {
  return typeof value === 'object' && value !== null && 'once' in value
}

function isNodeRequest(value: unknown): value is NodeRequest {
  return typeof value === 'object' && value !== null && 'rawHeaders' in value && 'readableDidRead' in value
}

/** Whether a web `Request` of this method can be made that has a body; of the last three none can be made at all. */
function mayHaveBody(method: string): boolean {
  return !['GET', 'HEAD', 'TRACE', 'TRACK', 'CONNECT'].includes(method.toUpperCase())
}

/** Later handlers read the body from here: the stream of the request was read to verify it. */
function offerBody(context: Context, body: Uint8Array): void {
  const { method, headers, url, signal } = context.req.raw
  if (body.length > 0 && mayHaveBody(method)) {
    context.req.raw = new Request(url, { method, headers, signal, body: new Uint8Array(body) })
  }
}

/** The same for a body that is in the stream again: `@hono/node-server` gives up on a stream that anybody has read. */
function offerStream(context: Context, incoming: NodeRequest): void {
  const { method, headers, url, signal } = context.req.raw
  if (mayHaveBody(method)) {
    const init = { method, headers, body: toWebStream(incoming), signal, duplex: 'half' as const }
    context.req.raw = new Request(url, init)
  }
}

function toWebStream(incoming: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const parts = incoming[Symbol.asyncIterator]()
  const source = {
    async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
      const { done, value } = await parts.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  }
  return new ReadableStream(source, { highWaterMark: 0 })
}
