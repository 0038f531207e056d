import type { FieldLines } from '@behalf/http-signature'
import type { IncomingRequest } from './incoming-request.ts'
import type { Observation } from './observation.ts'
import type { ProblemResponse } from './problem-response.ts'
import type { TellAnswer } from './told-answer.ts'

/** What an adapter needs of an accepted request, whichever verifier accepted it. */
export interface AcceptedRequest {
  readonly requestId: string
  /** The bytes whose digest was signed. */
  readonly body: Uint8Array
  /** Header lines for the answer. */
  readonly answerHeaders?: FieldLines
  /** Aborted when the request would not be accepted any more; absent where nothing can end it. */
  readonly signal?: AbortSignal
  /** Records how it was answered; absent where nobody wants to know. */
  readonly answered?: TellAnswer
}

/** What names requests and answers the refused ones. */
export interface RefusalAnswers {
  /** A new request id; an adapter gives it to `verify` and to every answer. */
  readonly requestId: () => string
  /** The answer for what `verify` threw. */
  refuse(error: unknown, requestId: string): ProblemResponse
}

/** What an adapter needs of a verifier, whichever it is. */
export interface RequestGuard<Verified> extends RefusalAnswers {
  readonly mode?: 'enforce'
  /** Verifies one request, or throws a VerifierError. */
  verify(request: IncomingRequest): Promise<Verified>
}

/** What an adapter needs of a verifier that refuses nothing. `refuse` is for what never becomes a request. */
export interface ObservingGuard<Verified> extends RefusalAnswers {
  readonly mode: 'observe'
  /** Tells what one request is. Never throws: whatever goes wrong is a refusal that is not carried out. */
  verify(request: IncomingRequest): Promise<Observation<Verified>>
}
