import { forgetSignal } from './live-chains.ts'
import type { AcceptedRequest } from './request-guard.ts'

/** The part of an answer of Node, over HTTP/1.1 or HTTP/2, that is used. */
export interface NodeAnswer {
  readonly stream?: { close(code: number): void } | null
  readonly headersSent?: boolean
  readonly statusCode?: number
  destroy?(): unknown
  once(event: 'close' | 'finish', listener: () => void): unknown
}

/** RFC 9113 section 7: the stream is not needed any more. */
const CANCEL = 8

/** Of requests whose answers are ended by whoever gives them. */
const ownEnds = new WeakSet<AbortSignal>()
/** Of those that were ended so before all of the answer was sent. */
const cutShort = new WeakSet<AbortSignal>()

/** The end of an answer, in the hands of whoever gives it. */
export interface OwnEnd {
  /** What was sent is not all of it, although it ends well: so it is told to whoever records outcomes. */
  readonly cut: () => void
  /** Leaves the end to the adapter again. */
  readonly release: () => void
}

/**
 * The answer of this request is not cut off when its chain dies: whoever says so ends it at that moment, and so can say
 * why. For protocols whose clients wait on for an answer that was only cut off.
 *
 * @param signal of a verified request
 */
export function endsByItself(signal: AbortSignal): OwnEnd {
  ownEnds.add(signal)
  return { cut: () => void cutShort.add(signal), release: () => void ownEnds.delete(signal) }
}

/** Whether an answer was ended by whoever gave it, before all of it was sent. */
export function isCutShort({ signal }: AcceptedRequest): boolean {
  return signal !== undefined && cutShort.has(signal)
}

/**
 * The answer is cut off when the chain of its request dies, so that nobody takes what was sent of it for the whole.
 *
 * @param answer of Node; nothing is done where the request has no chain
 */
export function cutWithChain(answer: NodeAnswer, { signal }: AcceptedRequest): void {
  if (signal === undefined) return
  const cut = (): void => {
    if (ownEnds.has(signal)) return
    if (answer.destroy !== undefined) answer.destroy()
    else answer.stream?.close(CANCEL)
  }
  signal.addEventListener('abort', cut, { once: true })
  answer.once('close', () => {
    signal.removeEventListener('abort', cut)
    forgetSignal(signal)
  })
}

/**
 * The same for the body of a web `Response`: reading it fails from then on.
 *
 * @returns a body that ends with the chain; null without one
 */
export function endWithChain(
  body: ReadableStream<Uint8Array> | null,
  verified: AcceptedRequest,
): ReadableStream<Uint8Array> | null {
  if (body === null) return null
  const { signal } = verified
  if (signal === undefined) return body
  const reader = body.getReader()
  const release = (): void => forgetSignal(signal)
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => {
        const cut = (): void => {
          if (ownEnds.has(signal)) return
          controller.error(signal.reason)
          reader.cancel(signal.reason).catch(() => undefined)
        }
        if (signal.aborted) cut()
        else signal.addEventListener('abort', cut, { once: true })
      },
      pull: async (controller) => {
        const { done, value } = await reader.read()
        if (signal.aborted && !ownEnds.has(signal)) return
        if (!done) {
          controller.enqueue(value)
          return
        }
        release()
        controller.close()
      },
      cancel: (reason) => {
        release()
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}
