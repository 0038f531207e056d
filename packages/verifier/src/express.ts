import type { Request, RequestHandler, Response } from 'express'
import { mustClose, toIncomingRequest } from './node-request.ts'
import type { ProblemResponse } from './problem-response.ts'
import type { RequestGuard } from './request-guard.ts'
import type { VerifiedRequest } from './verified-request.ts'

declare global {
  namespace Express {
    interface Request {
      /** Set by `protect` for every request that its handlers see. */
      behalf?: VerifiedRequest<unknown>
    }
  }
}

/**
 * Middleware that lets only verified requests through: `req.behalf` is the verified request and `req.body` the
 * verified bytes. It must come before every body parser.
 *
 * @param verifier of the API
 * @example
 * app.use('/v1', protect(verifier))
 */
export function protect(verifier: RequestGuard<VerifiedRequest<unknown>>): RequestHandler {
  return async (request, response, next) => {
    const requestId = verifier.requestId()
    response.setHeader('Request-Id', requestId)
    const verified = await verifyOrAnswer(verifier, request, { response, requestId })
    if (verified === undefined) return
    for (const [name, value] of verified.answerHeaders) response.setHeader(name, value)
    request.behalf = verified
    request.body = Buffer.from(verified.body.buffer, verified.body.byteOffset, verified.body.byteLength)
    next()
  }
}

async function verifyOrAnswer(
  verifier: RequestGuard<VerifiedRequest<unknown>>,
  request: Request,
  { response, requestId }: { response: Response; requestId: string },
): Promise<VerifiedRequest<unknown> | undefined> {
  try {
    // A mounted application sees `url` without its mount path; what was signed is the original.
    return await verifier.verify(toIncomingRequest(request, { requestId, target: request.originalUrl }))
  } catch (error) {
    if (mustClose(request)) response.setHeader('Connection', 'close')
    sendProblem(response, verifier.refuse(error, requestId))
    return undefined
  }
}

function sendProblem(response: Response, problem: ProblemResponse): void {
  response.status(problem.status)
  for (const [name, value] of problem.headers) response.setHeader(name, value)
  response.end(problem.body)
}
