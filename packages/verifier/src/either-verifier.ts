import type { FieldLines } from '@behalf/http-signature'
import { VerifierError } from './error.ts'
import type { IncomingRequest } from './incoming-request.ts'
import type { ProblemResponse } from './problem-response.ts'
import type { ObservingGuard, RefusalAnswers, RequestGuard } from './request-guard.ts'

/** The two verifiers of one API, for the same origins. */
export interface EitherVerifierParts<Guard extends RefusalAnswers, TokenGuard extends RefusalAnswers> {
  /** See `createRequestVerifier`. */
  readonly signatures: Guard
  /** See `createTokenVerifier`. */
  readonly tokens: TokenGuard
}

const CHAIN_FIELDS: ReadonlySet<string> = new Set(['signature-key', 'delegation-chain'])
const DPOP = /^dpop(?: |$)/iu
const BEARER = /^bearer(?: |$)/iu

/**
 * Makes one verifier of two, for an API that takes signed requests and access tokens. Each request is decided by one of
 * them alone, whichever its headers ask for, and what one refused the other never sees. A request that shows a token and
 * a chain is refused.
 *
 * @throws TypeError when only one of them observes
 * @example
 * app.use('/v1', protect(createEitherVerifier({ signatures, tokens })))
 */
export function createEitherVerifier<Signed, WithToken>(
  parts: EitherVerifierParts<RequestGuard<Signed>, RequestGuard<WithToken>>,
): RequestGuard<Signed | WithToken>
export function createEitherVerifier<Signed, WithToken>(
  parts: EitherVerifierParts<ObservingGuard<Signed>, ObservingGuard<WithToken>>,
): ObservingGuard<Signed | WithToken>
export function createEitherVerifier<Signed, WithToken>({
  signatures,
  tokens,
}:
  | EitherVerifierParts<RequestGuard<Signed>, RequestGuard<WithToken>>
  | EitherVerifierParts<ObservingGuard<Signed>, ObservingGuard<WithToken>>):
  | RequestGuard<Signed | WithToken>
  | ObservingGuard<Signed | WithToken> {
  const answers: RefusalAnswers = {
    requestId: signatures.requestId,
    refuse: (error, requestId) => answerRefusal(error, requestId, { signatures, tokens }),
  }
  if (signatures.mode === 'observe' && tokens.mode === 'observe') {
    return {
      ...answers,
      mode: 'observe',
      verify: (request) => choose(request, signatures, tokens).verify(request),
    }
  }
  if (signatures.mode === 'observe' || tokens.mode === 'observe') {
    throw new TypeError('mode: one verifier enforces and the other observes')
  }
  return {
    ...answers,
    mode: 'enforce',
    verify: async (request) => {
      const guard = choose(request, signatures, tokens)
      try {
        return await guard.verify(request)
      } catch (error) {
        if (guard === tokens && error instanceof VerifierError) refusedTokens.add(error)
        throw error
      }
    },
  }
}

/** What a verifier of tokens refused, so that it is told in the words of that one. */
const refusedTokens = new WeakSet<VerifierError>()
const MISSING: ReadonlySet<string> = new Set(['signature_missing', 'credential_missing'])

function choose<Signed, WithToken>(
  request: IncomingRequest,
  signatures: Signed,
  tokens: WithToken,
): Signed | WithToken {
  return showsToken(request.headers) ? tokens : signatures
}

/** A signature may come with a token of the API's own; without one, such a token is an access token shown wrongly. */
function showsToken(headers: FieldLines): boolean {
  const lines = headers.map(([name, value]) => [name.toLowerCase(), value] as const)
  const shows = (scheme: RegExp): boolean =>
    lines.some(([name, value]) => name === 'authorization' && scheme.test(value))
  if (shows(DPOP) || lines.some(([name]) => name === 'dpop')) return true
  return shows(BEARER) && !lines.some(([name]) => CHAIN_FIELDS.has(name))
}

/** Who showed nothing is told of both ways. */
function answerRefusal(
  error: unknown,
  requestId: string,
  { signatures, tokens }: EitherVerifierParts<RefusalAnswers, RefusalAnswers>,
): ProblemResponse {
  if (error instanceof VerifierError && refusedTokens.has(error)) return tokens.refuse(error, requestId)
  const problem = signatures.refuse(error, requestId)
  if (!(error instanceof VerifierError) || !MISSING.has(error.code)) return problem
  const missing = new VerifierError('credential_missing', 'there is no access token')
  const [, challenge] = tokens.refuse(missing, requestId).headers.find(isChallenge) ?? []
  // In one line, because servers set a header and do not add to it.
  return {
    ...problem,
    headers: problem.headers.map(([name, value]) => [
      name,
      isChallenge([name]) && challenge !== undefined ? `${value}, ${challenge}` : value,
    ]),
  }
}

function isChallenge([name]: readonly [name: string, ...rest: string[]]): boolean {
  return name === 'WWW-Authenticate'
}
