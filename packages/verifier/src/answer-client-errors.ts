import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { VerifierError, type VerifierErrorCode } from './error.ts'
import type { ProblemResponse } from './problem-response.ts'
import type { RefusalAnswers } from './request-guard.ts'

/** What Node's HTTP parser refuses before a framework sees it; anything else it refuses is malformed. */
const CODES: ReadonlyMap<unknown, VerifierErrorCode> = new Map<unknown, VerifierErrorCode>([
  ['HPE_HEADER_OVERFLOW', 'header_too_large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'body_timeout'],
])

/** The latest request of a connection and its answer. */
interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

/**
 * Requests that Node's own parser refuses are answered like every other refusal, with a code and a Request-Id. A
 * request before it on the same connection that came whole gets its own answer first.
 *
 * @param server of `node:http`, `node:https` or a framework on top of them
 * @param guard whose answers are used
 */
export function answerClientErrors(server: Pick<Server, 'on'>, guard: RefusalAnswers): void {
  const latest = new WeakMap<Duplex, Exchange>()
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    latest.set(request.socket, { request, response })
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    inTurn(latest.get(socket), socket, () => refuse(error, socket, guard))
  })
}

/** Answers when the request before, if there is one under way, had its own answer. */
function inTurn(before: Exchange | undefined, socket: Duplex, answer: () => void): void {
  const underWay = before?.response.closed === false ? before : undefined
  if (underWay?.request.complete) {
    // It came whole, so its handler may have acted: nobody may read our refusal as its answer.
    underWay.response.once('close', answer)
    return
  }
  if (underWay?.response.headersSent) {
    // Half of another answer is out already.
    socket.destroy()
    return
  }
  answer()
}

function refuse(error: NodeJS.ErrnoException, socket: Duplex, guard: RefusalAnswers): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = CODES.get(error.code) ?? 'request_malformed'
  const refusal = new VerifierError(code, 'refused by the HTTP parser', { cause: error })
  socket.end(formatResponse(guard.refuse(refusal, guard.requestId())))
}

function formatResponse({ status, headers, body }: ProblemResponse): string {
  const length = new TextEncoder().encode(body).length
  const lines = [...headers, ['Connection', 'close'], ['Content-Length', String(length)]]
  return `HTTP/1.1 ${status} Refused\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
