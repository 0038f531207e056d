import { concatBytes } from '@behalf/core'
import { VerifierError } from './error.ts'
import type { BodyLimits, IncomingRequest } from './incoming-request.ts'
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

async function readFetchBody(request: Request, limits: BodyLimits): Promise<Uint8Array> {
  if (request.bodyUsed) throw bodyAlreadyRead()
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
    const { done, value } = await reader.read()
    if (done) return concatBytes(...parts)
    length += value.length
    if (length > maxBytes) throw new VerifierError('request_too_large', `the body exceeds ${maxBytes} bytes`)
    parts.push(value)
  }
}
