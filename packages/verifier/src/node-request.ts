import type { IncomingMessage } from 'node:http'
import type { Http2ServerRequest } from 'node:http2'
import { concatBytes } from '@behalf/core'
import type { FieldLines } from '@behalf/http-signature'
import { VerifierError } from './error.ts'
import type { BodyLimits, IncomingRequest } from './incoming-request.ts'
import { keptBody } from './kept-bodies.ts'
import { systemTimer } from './timer.ts'

/** A request of Node's HTTP/1.1 or HTTP/2 server. */
export type NodeRequest = IncomingMessage | Http2ServerRequest

/** What an adapter knows beyond Node's own request. */
export interface NodeRequestOptions {
  readonly requestId: string
  /** The raw target, where a framework has cut `url`. */
  readonly target?: string
  /** How the body is read, `readNodeBody` unless told. */
  readonly readBody?: (request: NodeRequest, limits: BodyLimits) => Promise<Uint8Array>
  /** See `IncomingRequest`. */
  readonly tellsOutcome?: boolean
}

/**
 * Node's request as it came off the wire: raw header lines, raw target, the body not read yet.
 *
 * @param request whose body nobody has read
 */
export function toIncomingRequest(request: NodeRequest, options: NodeRequestOptions): IncomingRequest {
  const { readBody = readNodeBody, tellsOutcome = false } = options
  return {
    method: request.method ?? '',
    target: options.target ?? request.url ?? '',
    headers: pairLines(request.rawHeaders),
    body: (limits) => readBody(request, limits),
    requestId: options.requestId,
    tellsOutcome,
  }
}

/**
 * The whole body of a request.
 *
 * @throws VerifierError request_too_large, body_timeout, request_malformed (the peer went away), digest_mismatch when
 * something read the body before: what it left cannot be what was signed
 */
export async function readNodeBody(request: NodeRequest, limits: BodyLimits): Promise<Uint8Array> {
  const known = knownBody(request)
  return known ?? collectBody(request, limits)
}

/**
 * The body, where nothing has to be read for it: there is none, or an observing verifier kept it.
 *
 * @throws VerifierError digest_mismatch when something read it before, or made it read as text
 */
export function knownBody(request: NodeRequest): Uint8Array | undefined {
  if (!announcesBody(request)) return new Uint8Array()
  const kept = keptBody(request)
  if (kept === undefined && (request.readableDidRead || request.readableEncoding !== null)) {
    throw bodyAlreadyRead()
  }
  return kept
}

/**
 * Whether the connection must end with the answer, because a part of the request is still on its way and would be
 * waited for, however long that takes. HTTP/2 ends a stream without its connection.
 */
export function mustClose(request: NodeRequest): boolean {
  return request.httpVersionMajor < 2 && !request.complete
}

/** The refusal of a request whose body was read before it was verified: the set-up of the API is wrong. */
export function bodyAlreadyRead(): VerifierError {
  return new VerifierError(
    'digest_mismatch',
    'the body was read already: protect() must come before every body parser',
    {
      fault: true,
    },
  )
}

function pairLines(rawHeaders: readonly string[]): FieldLines {
  const lines: [name: string, value: string][] = []
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    lines.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? ''])
  }
  return lines
}

// HTTP/2 frames bodies itself, so there the stream alone can tell.
function announcesBody(request: NodeRequest): boolean {
  const { headers, httpVersionMajor } = request
  return httpVersionMajor >= 2 || 'content-length' in headers || 'transfer-encoding' in headers
}

function collectBody(request: NodeRequest, limits: BodyLimits): Promise<Uint8Array> {
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
  const parts: Uint8Array[] = []
  let length = 0
  const onData = (part: Uint8Array): void => {
    length += part.length
    parts.push(part)
    if (length > limits.maxBytes) {
      reject(new VerifierError('request_too_large', `the body exceeds ${limits.maxBytes} bytes`))
    }
  }
  const onEnd = (): void => resolve(concatBytes(...parts))
  const onClose = (): void => reject(new VerifierError('request_malformed', 'the body ended early'))
  const stopTimer = systemTimer(() => {
    reject(new VerifierError('body_timeout', `the body took more than ${limits.timeoutSeconds} seconds`))
  }, limits.timeoutSeconds * 1000)
  request.on('data', onData).on('end', onEnd).on('error', onClose).on('close', onClose)
  return promise.finally(() => {
    stopTimer()
    request.off('data', onData).off('end', onEnd).off('error', onClose).off('close', onClose)
    request.pause()
  })
}
