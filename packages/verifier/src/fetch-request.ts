import { concatBytes } from '@behalf/core'
import { VerifierError } from './error.ts'
import type { BodyLimits, IncomingRequest } from './incoming-request.ts'
import { keepBody, keptBody } from './kept-bodies.ts'
import { bodyAlreadyRead } from './node-request.ts'
import { systemTimer } from './timer.ts'

/**
 * A web `Request` as far as it shows what came off the wire. Three things it hides: the URL is normalised (dot
 * segments are resolved already), header lines of one name are joined, and characters outside ASCII are escaped. So
 * repeated headers are only seen where a comma betrays them.
 *
 * @param request whose body nobody has read
 */
export function fromFetchRequest(request: Request, requestId: string): IncomingRequest {
  const url = new URL(request.url)
  const target = request.url.slice(request.url.indexOf('/', url.protocol.length + 2)).split('#', 1)[0] ?? '/'
  return {
    method: request.method,
    target,
    headers: [[':authority', url.host], ...request.headers],
    body: (limits) => readFetchBody(request, limits),
    requestId,
  }
}

/**
 * The same, but the body stays in the request for whoever reads it next.
 *
 * @param request as for `fromFetchRequest`; where its body was read all the same, that is what comes out
 */
export function peekFetchRequest(request: Request, requestId: string): IncomingRequest {
  const isReadable = keptBody(request) === undefined && !request.bodyUsed && request.body?.locked !== true
  return fromFetchRequest(isReadable ? request.clone() : request, requestId)
}

/** The body counts as read, as it does when a verifier that enforces has read it, and is kept for one. */
export function finishPeekedFetch(request: Request, body: Uint8Array): void {
  keepBody(request, body)
  // Nobody reads what is cancelled, so nobody has to be told when that fails.
  if (request.body?.locked === false) request.body.cancel().catch(() => undefined)
}

async function readFetchBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  const kept = keptBody(request)
  if (kept !== undefined) return kept
  if (request.bodyUsed || request.body?.locked) throw bodyAlreadyRead()
  if (request.body === null) return new Uint8Array()
  const reader = request.body.getReader()
  const late = Promise.withResolvers<never>()
  const stopTimer = systemTimer(() => {
    late.reject(new VerifierError('body_timeout', `the body took more than ${limits.timeoutSeconds} seconds`))
  }, limits.timeoutSeconds * 1000)
  try {
    return await Promise.race([collect(reader, limits.maxBytes), late.promise])
  } finally {
    stopTimer()
    // Whatever was not read is not wanted, and a cancelled stream that fails has nobody to tell.
    reader.cancel().catch(() => undefined)
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const { done, value } = await readPart(reader)
    if (done) return concatBytes(...parts)
    length += value.length
    if (length > maxBytes) throw new VerifierError('request_too_large', `the body exceeds ${maxBytes} bytes`)
    parts.push(value)
  }
}

type BodyReader = ReadableStreamDefaultReader<Uint8Array>

async function readPart(reader: BodyReader): Promise<Awaited<ReturnType<BodyReader['read']>>> {
  try {
    return await reader.read()
  } catch (cause) {
    throw new VerifierError('request_malformed', 'the body ended early', { cause })
  }
}
