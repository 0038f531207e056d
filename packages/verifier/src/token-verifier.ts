import type { Did } from '@behalf/did'
import { decideTokenRequest } from './decide-token-request.ts'
import { VerifierError } from './error.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { judgeRequest } from './judge-request.ts'
import type { Observation } from './observation.ts'
import { type ProblemResponse, toProblemResponse } from './problem-response.ts'
import type { ObservingGuard, RefusalAnswers, RequestGuard } from './request-guard.ts'
import { parseTokenOptions, type TokenSettings, type TokenVerifierOptions } from './token-settings.ts'
import type { VerifiedTokenRequest } from './verified-request.ts'

/** Options of `createTokenVerifier`. */
export interface EnforcingTokenOptions<Account> extends TokenVerifierOptions<Account> {
  readonly mode?: 'enforce'
}

/** Options of `createTokenVerifier` for a verifier that refuses nothing. */
export interface ObservingTokenOptions<Account> extends TokenVerifierOptions<Account> {
  readonly mode: 'observe'
}

interface TrustControl {
  /** From now on no token that speaks of delegations of this issuer is accepted. */
  distrustIssuer(issuer: Did): void
}

/** Verifies requests with access tokens that were exchanged for a chain of delegations. */
export interface TokenVerifier<Account = undefined>
  extends RequestGuard<VerifiedTokenRequest<Account>>,
    TrustControl {
  readonly mode: 'enforce'
}

/** Tells of the requests with tokens which it would refuse, and protects nothing. */
export interface TokenObserver<Account = undefined>
  extends ObservingGuard<VerifiedTokenRequest<Account>>,
    TrustControl {}

/**
 * Makes the verifier of an API that takes access tokens, each with a DPoP proof: what was copied of a request is good
 * for nothing. Every adapter takes it. A token as `Bearer` is refused, always. Unlike a request signature, a proof
 * covers neither body nor query.
 *
 * Keys and lists of tokens are fetched from the authority when they are needed, and held for a while; whatever is not
 * known or not fresh refuses. There is no call to the authority per request.
 *
 * @throws TypeError for empty or malformed origins, authorities or audience, and for a mode that is none
 * @see RFC 9068, RFC 9449, RFC 8693 section 4.1, Token Status List
 * @example
 * const verifier = createTokenVerifier({
 *   origins: ['https://api.example'],
 *   audience: 'https://api.example',
 *   authorities: [{ issuer: 'https://authority.example', did: issuer }],
 *   replayStore,
 * })
 */
export function createTokenVerifier<Account = undefined>(
  options: EnforcingTokenOptions<Account>,
): TokenVerifier<Account>
export function createTokenVerifier<Account = undefined>(
  options: ObservingTokenOptions<Account>,
): TokenObserver<Account>
export function createTokenVerifier<Account = undefined>(
  options: EnforcingTokenOptions<Account> | ObservingTokenOptions<Account>,
): TokenVerifier<Account> | TokenObserver<Account>
export function createTokenVerifier<Account = undefined>(
  options: EnforcingTokenOptions<Account> | ObservingTokenOptions<Account>,
): TokenVerifier<Account> | TokenObserver<Account> {
  const settings = parseTokenOptions(options)
  const common: RefusalAnswers & TrustControl = {
    requestId: settings.requestId,
    refuse: (error, requestId) => refuse(error, requestId, settings),
    distrustIssuer: (issuer) => {
      settings.distrusted.add(issuer)
      settings.liveTokens.lookAt(issuer)
    },
  }
  if (settings.mode === 'observe') {
    return { ...common, mode: 'observe', verify: (request) => judge(request, settings) }
  }
  return { ...common, mode: 'enforce', verify: (request) => verifyRequest(request, settings) }
}

async function verifyRequest<Account>(
  request: IncomingRequest,
  settings: TokenSettings<Account>,
): Promise<VerifiedTokenRequest<Account>> {
  const { verified, refusal } = await judge(request, settings)
  if (refusal !== undefined) throw refusal
  return verified
}

async function judge<Account>(
  request: IncomingRequest,
  settings: TokenSettings<Account>,
): Promise<Observation<VerifiedTokenRequest<Account>>> {
  return await judgeRequest(request, settings, (trail) => decideTokenRequest(request, trail, settings))
}

function refuse(error: unknown, requestId: string, settings: TokenSettings<unknown>): ProblemResponse {
  const { origin, nonces, resourceMetadata } = settings
  const now = settings.wallClock()
  const problem = toProblemResponse(error, {
    origin,
    requestId,
    scheme: 'DPoP',
    now,
    ...(resourceMetadata !== undefined && { resourceMetadata }),
  })
  if (nonces === undefined || !(error instanceof VerifierError) || error.code !== 'use_dpop_nonce')
    return problem
  return { ...problem, headers: [...problem.headers, ['DPoP-Nonce', nonces.issue(now)]] }
}
