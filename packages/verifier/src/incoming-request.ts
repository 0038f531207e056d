import type { FieldLines } from '@behalf/http-signature'

/** What bounds the reading of a body. */
export interface BodyLimits {
  readonly maxBytes: number
  readonly timeoutSeconds: number
}

/**
 * Reads the body once, within the limits.
 *
 * @throws VerifierError request_too_large, body_timeout, request_malformed, and digest_mismatch when somebody else
 * read the body before
 */
export type ReadBody = (limits: BodyLimits) => Promise<Uint8Array>

/** One request as it came off the wire: nothing decoded, nothing joined, nothing normalised. */
export interface IncomingRequest {
  /** The method, in the case it was sent. */
  readonly method: string
  /** The raw request target. */
  readonly target: string
  /** The header lines in the order they came; HTTP/2 pseudo-headers such as `:authority` may be among them. */
  readonly headers: FieldLines
  /** The raw body, or the function that reads it after the headers were found to be in order. */
  readonly body: Uint8Array | ReadBody
  /** The id an adapter already gave to this request. Never taken from the peer. */
  readonly requestId?: string
  /** Whether the adapter calls `answered` of the verified request, in every case; default false. */
  readonly tellsOutcome?: boolean
}

/** Caps on what is read of one request. */
export interface RequestLimits extends BodyLimits {
  readonly maxHeaderBytes: number
  readonly maxHeaderLines: number
  readonly maxTargetBytes: number
}

/** The caps without options: a chain of 12 kB fits the headers twice. */
export const DEFAULT_REQUEST_LIMITS: RequestLimits = Object.freeze({
  maxBytes: 1_048_576,
  timeoutSeconds: 10,
  maxHeaderBytes: 32_768,
  maxHeaderLines: 128,
  maxTargetBytes: 8_192,
})
