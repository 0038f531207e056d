import type { Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { VerifierError, type VerifierErrorCode } from './error.ts'
import type { ProblemResponse } from './problem-response.ts'
import type { RequestGuard } from './request-guard.ts'

/** What Node's HTTP parser refuses before a framework sees it; anything else it refuses is malformed. */
const CODES: ReadonlyMap<unknown, VerifierErrorCode> = new Map<unknown, VerifierErrorCode>([
  ['HPE_HEADER_OVERFLOW', 'header_too_large'],
  ['ERR_HTTP_REQUEST_TIMEOUT', 'body_timeout'],
])

/**
 * Requests that Node's own parser refuses are answered like every other refusal, with a code and a Request-Id.
 *
 * @param server of `node:http`, `node:https` or a framework on top of them
 * @param guard whose answers are used
 */
export function answerClientErrors(server: Pick<Server, 'on'>, guard: RequestGuard<unknown>): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const requestId = guard.requestId()
    const code = CODES.get(error.code) ?? 'request_malformed'
    const refusal = new VerifierError(code, 'refused by the HTTP parser', { cause: error })
    socket.end(formatResponse(guard.refuse(refusal, requestId)))
  })
}

function formatResponse({ status, headers, body }: ProblemResponse): string {
  const length = new TextEncoder().encode(body).length
  const lines = [...headers, ['Connection', 'close'], ['Content-Length', String(length)]]
  return `HTTP/1.1 ${status} Refused\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
