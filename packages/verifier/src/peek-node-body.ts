import { concatBytes } from '@behalf/core'
import { VerifierError } from './error.ts'
import type { BodyLimits } from './incoming-request.ts'
import { keepBody, keptBody } from './kept-bodies.ts'
import { knownBody, type NodeRequest } from './node-request.ts'
import { systemTimer } from './timer.ts'

/**
 * The whole body of a request, which stays in it for whoever reads it next. So does what had come when this throws.
 *
 * @throws VerifierError as `readNodeBody`
 */
export async function peekNodeBody(request: NodeRequest, limits: BodyLimits): Promise<Uint8Array> {
  const known = knownBody(request)
  if (known !== undefined) return known
  const parts: Uint8Array[] = []
  try {
    // What came in one packet with the headers is parsed by then, the end of the request among it.
    await Promise.resolve()
    await collect(request, parts, limits)
    const body = concatBytes(...parts)
    keepBody(request, body)
    return body
  } finally {
    // Nothing reads past the end, so the request has not ended for its reader.
    for (const part of parts.reverse()) request.unshift(part)
  }
}

/** The body is read to its end, as it is when a verifier that enforces has read it. */
export async function finishPeeked(request: NodeRequest): Promise<void> {
  if (keptBody(request) === undefined || request.readableEnded || request.destroyed) return
  const { promise, resolve } = Promise.withResolvers<void>()
  request.once('end', resolve).once('close', resolve).resume()
  await promise
}

async function collect(request: NodeRequest, parts: Uint8Array[], limits: BodyLimits): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let length = 0
  const onReadable = (): void => {
    // Asked for exactly what is there, because asking for more at the end would end the request.
    const part: unknown = request.readableLength > 0 ? request.read(request.readableLength) : undefined
    if (part instanceof Uint8Array) {
      parts.push(part)
      length += part.length
    }
    if (length > limits.maxBytes) {
      reject(new VerifierError('request_too_large', `the body exceeds ${limits.maxBytes} bytes`))
    }
    if (part === undefined || hasCome(request)) resolve()
  }
  const onClose = (): void => reject(new VerifierError('request_malformed', 'the body ended early'))
  const stopTimer = systemTimer(() => {
    reject(new VerifierError('body_timeout', `the body took more than ${limits.timeoutSeconds} seconds`))
  }, limits.timeoutSeconds * 1000)
  if (request.readableLength > 0 || hasCome(request)) onReadable()
  if (!hasCome(request)) request.on('readable', onReadable).on('error', onClose).on('close', onClose)
  return promise.finally(() => {
    stopTimer()
    request.off('readable', onReadable).off('error', onClose).off('close', onClose)
  })
}

/** Whether nothing more of the body is on its way. */
function hasCome(request: NodeRequest): boolean {
  return 'stream' in request ? request.stream.readableEnded : request.complete
}
