import type { JsonObject } from '@behalf/core'
import type { VerifierError } from '@behalf/verifier'
import { createEventStream, type EventStream, type EventStreamOptions } from './event-stream.ts'

/** The answer to one request, while the server works on it. */
export interface PendingAnswer {
  /** Rejects with what `fail` was told, where nothing had been sent before. */
  readonly response: Promise<Response>
  /** Sends what is no answer yet, such as progress. */
  tell(message: JsonObject): void
  /** Sends the answer itself. */
  finish(message: JsonObject): void
  /** There will be no answer. */
  fail(error: VerifierError): void
}

/** What an answer is to. */
export interface PendingAnswerOptions extends EventStreamOptions {
  /** Of the request, as its caller named it. */
  readonly id: string | number
}

/** JSON-RPC 2.0 section 5.1: the range for what a server defines. */
const REFUSED = -32_000

/**
 * An answer that is one JSON document where the server answers at once, and a stream where it says something before.
 */
export function createPendingAnswer({ id, ...options }: PendingAnswerOptions): PendingAnswer {
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  // Whoever is gone does not wait for it.
  promise.catch(() => undefined)
  let stream: EventStream | undefined
  return {
    response: promise,
    tell: (message) => {
      if (stream === undefined) {
        stream = createEventStream(options)
        resolve(stream.response)
      }
      stream.send(message)
    },
    finish: (message) => {
      if (stream === undefined) resolve(Response.json(message, { headers: { ...options.headers } }))
      stream?.send(message)
      stream?.end()
    },
    fail: (error) => {
      if (stream === undefined) reject(error)
      stream?.send(toErrorMessage(id, error))
      stream?.end()
    },
  }
}

/** A refusal in the words of JSON-RPC, where those of HTTP come too late. */
export function toErrorMessage(id: string | number, { code, message }: VerifierError): JsonObject {
  return { jsonrpc: '2.0', id, error: { code: REFUSED, message: `${message} (${code})`, data: { code } } }
}
