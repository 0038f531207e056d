import { endWithChain } from './end-with-chain.ts'
import type { VerifierErrorCode } from './error.ts'
import { finishPeekedFetch, fromFetchRequest, peekFetchRequest } from './fetch-request.ts'
import { toFetchResponse } from './fetch-response.ts'
import type { Observation } from './observation.ts'
import type { AcceptedRequest, ObservingGuard, RequestGuard } from './request-guard.ts'

/**
 * The web request passed every check of the verifier; or the observing verifier tells whether it did.
 *
 * A web `Request` hides what came off the wire: its URL is normalised and header lines of one name are joined. On
 * Node use the adapter of your framework, which sees the raw lines.
 *
 * @param request whose body nobody has read
 * @returns what `verify` returned; the body is in there, the request's own was read. Only a request of which an
 * observing verifier says `refusal` keeps its body unread
 * @throws VerifierError any code, unless the verifier observes
 */
export function verifyFetchRequest<Verified>(
  verifier: RequestGuard<Verified>,
  request: Request,
): Promise<Verified>
export function verifyFetchRequest<Verified extends AcceptedRequest>(
  verifier: ObservingGuard<Verified>,
  request: Request,
): Promise<Observation<Verified>>
export function verifyFetchRequest<Verified extends AcceptedRequest>(
  verifier: RequestGuard<Verified> | ObservingGuard<Verified>,
  request: Request,
): Promise<Verified | Observation<Verified>> {
  const requestId = verifier.requestId()
  if (verifier.mode === 'observe') return observe(verifier, request, requestId)
  return verifier.verify(fromFetchRequest(request, requestId))
}

/** A handler that sees only verified requests. */
export type VerifiedFetchHandler<Verified> = (
  request: Request,
  verified: Verified,
) => Response | Promise<Response>

/**
 * A handler that sees every request: a verified one as a `VerifiedFetchHandler` does, any other as it came, with the
 * code with which it would have been refused.
 */
export type ObservedFetchHandler<Verified> = (
  request: Request,
  verified: Verified | undefined,
  refusal: VerifierErrorCode | undefined,
) => Response | Promise<Response>

/**
 * Wraps a handler so that it sees only verified requests; every answer carries Request-Id. With an observing verifier
 * the handler sees every request.
 *
 * @example
 * export default { fetch: protect(verifier, (_request, { agent }) => Response.json({ agent })) }
 */
export function protect<Verified extends AcceptedRequest>(
  verifier: RequestGuard<Verified>,
  handler: VerifiedFetchHandler<Verified>,
): (request: Request) => Promise<Response>
export function protect<Verified extends AcceptedRequest>(
  verifier: RequestGuard<Verified> | ObservingGuard<Verified>,
  handler: ObservedFetchHandler<Verified>,
): (request: Request) => Promise<Response>
export function protect<Verified extends AcceptedRequest>(
  verifier: RequestGuard<Verified> | ObservingGuard<Verified>,
  handler: ObservedFetchHandler<Verified>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const requestId = verifier.requestId()
    const outcome =
      verifier.mode === 'observe'
        ? await observe(verifier, request, requestId)
        : await enforce(verifier, request, requestId)
    if (outcome instanceof Response) return outcome
    const response = await handler(request, outcome.verified, outcome.refusal?.code)
    const headers = new Headers(response.headers)
    for (const [name, value] of outcome.verified?.answerHeaders ?? []) headers.set(name, value)
    headers.set('Request-Id', requestId)
    const { body } = response
    // What observes ends nothing.
    const isBound = outcome.verified !== undefined && verifier.mode !== 'observe'
    return new Response(isBound ? endWithChain(body, outcome.verified) : body, {
      status: response.status,
      statusText: response.statusText,
      headers,
    })
  }
}

async function enforce<Verified>(
  verifier: RequestGuard<Verified>,
  request: Request,
  requestId: string,
): Promise<Observation<Verified> | Response> {
  try {
    return { verified: await verifier.verify(fromFetchRequest(request, requestId)), requestId }
  } catch (error) {
    return toFetchResponse(verifier.refuse(error, requestId))
  }
}

async function observe<Verified extends AcceptedRequest>(
  verifier: ObservingGuard<Verified>,
  request: Request,
  requestId: string,
): Promise<Observation<Verified>> {
  const observation = await verifier.verify(peekFetchRequest(request, requestId))
  if (observation.verified !== undefined) finishPeekedFetch(request, observation.verified.body)
  return observation
}
