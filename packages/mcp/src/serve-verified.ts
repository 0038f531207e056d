import type { Clock } from '@behalf/core'
import {
  type AnyVerifiedRequest,
  endsByItself,
  forgetSignal,
  type RefusalAnswers,
  VerifierError,
} from '@behalf/verifier'
import { endAnswer } from './end-answer.ts'
import { toHandlerRequest } from './handler-request.ts'
import { SESSION_FIELD } from './mcp-protocol.ts'
import type { McpSessions } from './mcp-sessions.ts'
import { type McpAuthInfo, toAuthInfo } from './verified-caller.ts'

/**
 * Serves one MCP request over Streamable HTTP: `createMcpHandler(factory).fetch` of the SDK 2.x, the handler of
 * `@behalf/mcp/sessions` for the SDK 1.x, or whatever forwards the request to a server elsewhere.
 */
export type McpHandler = (request: Request, options: { readonly authInfo?: McpAuthInfo }) => Promise<Response>

/** What verified requests are served with. */
export interface Serving {
  /** Of the endpoint. */
  readonly url: URL
  readonly handler: McpHandler
  readonly sessions: McpSessions
  readonly verifier: Pick<RefusalAnswers, 'refuse'>
  readonly clock: Clock
}

interface Exchange extends Serving {
  readonly request: Request
  readonly verified: AnyVerifiedRequest<unknown>
  /** The session that the request names. */
  readonly session: string | undefined
}

/**
 * The answer of the server to a verified request, or the refusal of one whose chain died before it came. Never rejects.
 */
export async function serveVerified(
  request: Request,
  verified: AnyVerifiedRequest<unknown>,
  serving: Serving,
): Promise<Response> {
  const session = request.headers.get(SESSION_FIELD) ?? undefined
  const exchange = { ...serving, request, verified, session }
  const { signal } = verified
  const { sessions } = serving
  // An answer that the adapter cuts off would not say why.
  const own = endsByItself(signal)
  try {
    const answer = await Promise.race([askServer(exchange), untilDeath(exchange)])
    settleSession(answer, exchange)
    if (answer.body === null) forgetSignal(signal)
    const ended = endAnswer(answer, verified, own.cut)
    if (ended !== undefined) return ended
    signal.throwIfAborted()
    own.release()
    return answer
  } catch (error) {
    forgetSignal(signal)
    // The server ended it, and answers so to whoever asks.
    if (session !== undefined && error instanceof VerifierError && error.code === 'not_found')
      sessions.forget(session)
    const { status, headers, body } = serving.verifier.refuse(error, verified.requestId)
    return new Response(body, { status, headers })
  }
}

/** The server is told that a session is over, in the words of the protocol. */
export function endSession(id: string, { url, handler }: Pick<Serving, 'url' | 'handler'>): void {
  const request = new Request(url, { method: 'DELETE', headers: { [SESSION_FIELD]: id } })
  // It is forgotten here whatever the server makes of that.
  handler(request, {}).catch(() => undefined)
}

async function askServer({ request, verified, url, handler }: Exchange): Promise<Response> {
  const signal = AbortSignal.any([request.signal, verified.signal])
  return await handler(toHandlerRequest(request, verified, { url, signal }), {
    authInfo: toAuthInfo(verified),
  })
}

/** Rejects when the chain dies, also after an answer began: the session it was made in is over then. */
function untilDeath({ verified: { signal }, session, sessions, ...serving }: Exchange): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  const end = (): void => {
    if (session !== undefined) {
      sessions.forget(session)
      endSession(session, serving)
    }
    reject(signal.reason)
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  return promise
}

/** A session that was opened belongs to who opened it; one that ended is forgotten. */
function settleSession(answer: Response, exchange: Exchange): void {
  const { request, verified, session, sessions } = exchange
  const opened = answer.headers.get(SESSION_FIELD)
  if (session !== undefined) {
    if (answer.status === 404 || (request.method === 'DELETE' && answer.ok)) sessions.forget(session)
    return
  }
  if (opened === null) return
  const holder = { agent: verified.agent, delegation: verified.chain.leaf.id }
  try {
    sessions.open(opened, holder, exchange.clock())
  } catch (error) {
    if (error instanceof VerifierError && error.code === 'rate_limited') endSession(opened, exchange)
    throw error
  }
}
