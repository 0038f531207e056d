import type { Request, RequestHandler, Response } from 'express'
import { cutWithChain } from './end-with-chain.ts'
import type { VerifierErrorCode } from './error.ts'
import { mustClose, toIncomingRequest } from './node-request.ts'
import { finishPeeked, peekNodeBody } from './peek-node-body.ts'
import type { ProblemResponse } from './problem-response.ts'
import type { ObservingGuard, RequestGuard } from './request-guard.ts'
import { tellNodeAnswer } from './tell-node-answer.ts'
import type { AnyVerifiedRequest } from './verified-request.ts'

declare global {
  namespace Express {
    interface Request {
      /** Set by `protect` for every request that its handlers see, unless its verifier observes and would refuse. */
      behalf?: AnyVerifiedRequest<unknown>
      /** The code with which an observing verifier would have refused the request. */
      behalfRefusal?: VerifierErrorCode
    }
  }
}

/**
 * Middleware that lets only verified requests through: `req.behalf` is the verified request and `req.body` the
 * verified bytes. It must come before every body parser.
 *
 * With an observing verifier every request comes through: one that would have been refused as if this were not here,
 * its body not read, without `req.behalf` and with the code in `req.behalfRefusal`.
 *
 * @param verifier of the API
 * @example
 * app.use('/v1', protect(verifier))
 */
export function protect(verifier: Guard): RequestHandler {
  return async (request, response, next) => {
    const requestId = verifier.requestId()
    response.setHeader('Request-Id', requestId)
    const exchange = { request, response, requestId }
    const mayPass =
      verifier.mode === 'observe' ? await observe(verifier, exchange) : await enforce(verifier, exchange)
    if (mayPass) next()
  }
}

type Guard = RequestGuard<AnyVerifiedRequest<unknown>> | ObservingGuard<AnyVerifiedRequest<unknown>>

interface Exchange {
  readonly request: Request
  readonly response: Response
  readonly requestId: string
}

async function enforce(
  verifier: RequestGuard<AnyVerifiedRequest<unknown>>,
  { request, response, requestId }: Exchange,
): Promise<boolean> {
  try {
    // A mounted application sees `url` without its mount path; what was signed is the original.
    const incoming = toIncomingRequest(request, {
      requestId,
      target: request.originalUrl,
      tellsOutcome: true,
    })
    const verified = await verifier.verify(incoming)
    attach(request, response, verified)
    cutWithChain(response, verified)
    tellNodeAnswer(response, verified)
    return true
  } catch (error) {
    if (mustClose(request)) response.setHeader('Connection', 'close')
    sendProblem(response, verifier.refuse(error, requestId))
    return false
  }
}

async function observe(
  verifier: ObservingGuard<AnyVerifiedRequest<unknown>>,
  { request, response, requestId }: Exchange,
): Promise<true> {
  const options = { requestId, target: request.originalUrl, readBody: peekNodeBody, tellsOutcome: true }
  const { verified, refusal } = await verifier.verify(toIncomingRequest(request, options))
  if (verified !== undefined) {
    await finishPeeked(request)
    attach(request, response, verified)
    tellNodeAnswer(response, verified)
    return true
  }
  delete request.behalf
  request.behalfRefusal = refusal.code
  // Node does this itself only as long as nobody read anything.
  response.once('finish', () => {
    if (request.readableFlowing === null) request.resume()
  })
  return true
}

function attach(request: Request, response: Response, verified: AnyVerifiedRequest<unknown>): void {
  for (const [name, value] of verified.answerHeaders) response.setHeader(name, value)
  delete request.behalfRefusal
  request.behalf = verified
  request.body = Buffer.from(verified.body.buffer, verified.body.byteOffset, verified.body.byteLength)
}

function sendProblem(response: Response, problem: ProblemResponse): void {
  response.status(problem.status)
  for (const [name, value] of problem.headers) response.setHeader(name, value)
  response.end(problem.body)
}
