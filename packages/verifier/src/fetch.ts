import { endWithChain } from './end-with-chain.ts'
import type { VerifierErrorCode } from './error.ts'
import { finishPeekedFetch, fromFetchRequest, peekFetchRequest } from './fetch-request.ts'
import { toFetchResponse } from './fetch-response.ts'
import type { IncomingRequest } from './incoming-request.ts'
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
  if (verifier.mode === 'observe') return observe(verifier, request, { requestId })
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
        ? await observe(verifier, request, { requestId, tellsOutcome: true })
        : await enforce(verifier, request, requestId)
    if (outcome instanceof Response) return outcome
    const response = await answer(outcome, () => handler(request, outcome.verified, outcome.refusal?.code))
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

/** What the handler answers, told; of one that fails nobody knows what is answered for it. */
async function answer(
  { verified }: Observation<AcceptedRequest>,
  handle: () => Response | Promise<Response>,
): Promise<Response> {
  try {
    const response = await handle()
    verified?.answered?.({ status: response.status, isCutOff: false })
    return response
  } catch (error) {
    verified?.answered?.({ status: undefined, isCutOff: false })
    throw error
  }
}

async function enforce<Verified>(
  verifier: RequestGuard<Verified>,
  request: Request,
  requestId: string,
): Promise<Observation<Verified> | Response> {
  try {
    const incoming = { ...fromFetchRequest(request, requestId), tellsOutcome: true }
    return { verified: await verifier.verify(incoming), requestId }
  } catch (error) {
    return toFetchResponse(verifier.refuse(error, requestId))
  }
}

async function observe<Verified extends AcceptedRequest>(
  verifier: ObservingGuard<Verified>,
  request: Request,
  { requestId, tellsOutcome = false }: Pick<IncomingRequest, 'tellsOutcome'> & { readonly requestId: string },
): Promise<Observation<Verified>> {
  const observation = await verifier.verify({ ...peekFetchRequest(request, requestId), tellsOutcome })
  if (observation.verified !== undefined) finishPeekedFetch(request, observation.verified.body)
  return observation
}
