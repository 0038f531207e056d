import type { Did } from '@behalf/did'
import { decideRequest } from './decide-request.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { judgeRequest } from './judge-request.ts'
import type { Observation } from './observation.ts'
import { toProblemResponse } from './problem-response.ts'
import type { ObservingGuard, RefusalAnswers, RequestGuard } from './request-guard.ts'
import type { VerifiedRequest } from './verified-request.ts'
import { parseVerifierOptions, type VerifierOptions, type VerifierSettings } from './verifier-settings.ts'

/** Options of `createRequestVerifier`. */
export interface RequestVerifierOptions<Account> extends VerifierOptions<Account> {
  readonly mode?: 'enforce'
}

/** Options of `createRequestVerifier` for a verifier that refuses nothing. */
export interface RequestObserverOptions<Account> extends VerifierOptions<Account> {
  readonly mode: 'observe'
}

interface TrustControl {
  /** From now on no delegation of this issuer is accepted. */
  distrustIssuer(issuer: Did): void
}

/** Verifies the requests of agents. */
export interface RequestVerifier<Account = undefined>
  extends RequestGuard<VerifiedRequest<Account>>,
    TrustControl {
  readonly mode: 'enforce'
}

/** Tells of the requests of agents which it would refuse, and protects nothing. */
export interface RequestObserver<Account = undefined>
  extends ObservingGuard<VerifiedRequest<Account>>,
    TrustControl {}

/**
 * Makes the verifier of an API. `verify` returns who acts, on whose behalf and why that is allowed, or throws a
 * `VerifierError` whose code says what was wrong; `refuse` turns what it threw into an answer.
 *
 * With `mode: 'observe'` nothing is refused and nothing protected: `verify` returns what it verified or why it would
 * have refused, `reportObservation` and the audit sink are told, and the adapters hand every request on. What it
 * claims and counts takes nothing from a verifier that enforces.
 *
 * @throws TypeError for empty or malformed origins, issuers or context members, and for a mode that is none
 * @see RFC 9421, RFC 9530, draft-hardt-httpbis-signature-key
 */
export function createRequestVerifier<Account = undefined>(
  options: RequestVerifierOptions<Account>,
): RequestVerifier<Account>
export function createRequestVerifier<Account = undefined>(
  options: RequestObserverOptions<Account>,
): RequestObserver<Account>
export function createRequestVerifier<Account = undefined>(
  options: RequestVerifierOptions<Account> | RequestObserverOptions<Account>,
): RequestVerifier<Account> | RequestObserver<Account>
export function createRequestVerifier<Account = undefined>(
  options: RequestVerifierOptions<Account> | RequestObserverOptions<Account>,
): RequestVerifier<Account> | RequestObserver<Account> {
  const settings = parseVerifierOptions(options)
  const common: RefusalAnswers & TrustControl = {
    requestId: settings.requestId,
    refuse: (error, requestId) =>
      toProblemResponse(error, { origin: settings.origin, requestId, now: settings.wallClock() }),
    distrustIssuer: (issuer) => {
      settings.trusted.distrust(issuer)
      settings.liveChains.lookAt(issuer)
    },
  }
  if (settings.mode === 'observe') {
    return { ...common, mode: 'observe', verify: (request) => judge(request, settings) }
  }
  return { ...common, mode: 'enforce', verify: (request) => verifyRequest(request, settings) }
}

async function verifyRequest<Account>(
  request: IncomingRequest,
  settings: VerifierSettings<Account>,
): Promise<VerifiedRequest<Account>> {
  const { verified, refusal } = await judge(request, settings)
  if (refusal !== undefined) throw refusal
  return verified
}

async function judge<Account>(
  request: IncomingRequest,
  settings: VerifierSettings<Account>,
): Promise<Observation<VerifiedRequest<Account>>> {
  return await judgeRequest(request, settings, (trail) => decideRequest(request, trail, settings))
}
