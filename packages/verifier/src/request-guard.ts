import type { FieldLines } from '@behalf/http-signature'
import type { IncomingRequest } from './incoming-request.ts'
import type { ProblemResponse } from './problem-response.ts'

/** What an adapter needs of an accepted request, whichever verifier accepted it. */
export interface AcceptedRequest {
  readonly requestId: string
  /** Header lines for the answer. */
  readonly answerHeaders?: FieldLines
}

/** What an adapter needs of a verifier, whichever it is. */
export interface RequestGuard<Verified> {
  /** Verifies one request, or throws a VerifierError. */
  verify(request: IncomingRequest): Promise<Verified>
  /** A new request id; an adapter gives it to `verify` and to every answer. */
  readonly requestId: () => string
  /** The answer for what `verify` threw. */
  refuse(error: unknown, requestId: string): ProblemResponse
}
