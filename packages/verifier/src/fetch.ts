import { fromFetchRequest } from './fetch-request.ts'
import { toFetchResponse } from './fetch-response.ts'
import type { AcceptedRequest, RequestGuard } from './request-guard.ts'

/**
 * The web request passed every check of the verifier.
 *
 * A web `Request` hides what came off the wire: its URL is normalised and header lines of one name are joined. On
 * Node use the adapter of your framework, which sees the raw lines.
 *
 * @param request whose body nobody has read
 * @returns what `verify` returned; the body is in there, the request's own was read
 * @throws VerifierError any code
 */
export function verifyFetchRequest<Verified>(
  verifier: RequestGuard<Verified>,
  request: Request,
): Promise<Verified> {
  return verifier.verify(fromFetchRequest(request, verifier.requestId()))
}

/** A handler that sees only verified requests. */
export type VerifiedFetchHandler<Verified> = (
  request: Request,
  verified: Verified,
) => Response | Promise<Response>

/**
 * Wraps a handler so that it sees only verified requests; every answer carries Request-Id.
 *
 * @example
 * export default { fetch: protect(verifier, (_request, { agent }) => Response.json({ agent })) }
 */
export function protect<Verified extends AcceptedRequest>(
  verifier: RequestGuard<Verified>,
  handler: VerifiedFetchHandler<Verified>,
): (request: Request) => Promise<Response> {
  return async (request) => {
    const requestId = verifier.requestId()
    const outcome = await verifyOrRefuse(verifier, request, requestId)
    if (outcome.refusal !== undefined) return outcome.refusal
    const response = await handler(request, outcome.verified)
    const headers = new Headers(response.headers)
    for (const [name, value] of outcome.verified.answerHeaders ?? []) headers.set(name, value)
    headers.set('Request-Id', requestId)
    return new Response(response.body, { status: response.status, statusText: response.statusText, headers })
  }
}

type Outcome<Verified> =
  | { readonly verified: Verified; readonly refusal?: undefined }
  | { readonly refusal: Response }

async function verifyOrRefuse<Verified>(
  verifier: RequestGuard<Verified>,
  request: Request,
  requestId: string,
): Promise<Outcome<Verified>> {
  try {
    return { verified: await verifier.verify(fromFetchRequest(request, requestId)) }
  } catch (error) {
    return { refusal: toFetchResponse(verifier.refuse(error, requestId)) }
  }
}
