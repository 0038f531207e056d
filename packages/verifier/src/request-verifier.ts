import type { Did } from '@behalf/did'
import { decideRequest } from './decide-request.ts'
import { createRecord, type DecisionTrail, startTrail } from './decision-trail.ts'
import { VerifierError } from './error.ts'
import type { IncomingRequest } from './incoming-request.ts'
import { toProblemResponse } from './problem-response.ts'
import type { RequestGuard } from './request-guard.ts'
import { toVerifierError } from './to-verifier-error.ts'
import type { VerifiedRequest } from './verified-request.ts'
import { parseVerifierOptions, type VerifierOptions, type VerifierSettings } from './verifier-settings.ts'

/** Options of `createRequestVerifier`. */
export interface RequestVerifierOptions<Account> extends VerifierOptions<Account> {}

/** Verifies the requests of agents. */
export interface RequestVerifier<Account = undefined> extends RequestGuard<VerifiedRequest<Account>> {
  /** From now on no delegation of this issuer is accepted. */
  distrustIssuer(issuer: Did): void
}

/**
 * Makes the verifier of an API. `verify` returns who acts, on whose behalf and why that is allowed, or throws a
 * `VerifierError` whose code says what was wrong; `refuse` turns what it threw into an answer.
 *
 * @throws TypeError for empty or malformed origins, issuers or context members
 * @see RFC 9421, RFC 9530, draft-hardt-httpbis-signature-key
 */
export function createRequestVerifier<Account = undefined>(
  options: RequestVerifierOptions<Account>,
): RequestVerifier<Account> {
  const settings = parseVerifierOptions(options)
  return {
    verify: (request) => verifyRequest(request, settings),
    requestId: settings.requestId,
    refuse: (error, requestId) =>
      toProblemResponse(error, { origin: settings.origin, requestId, now: settings.wallClock() }),
    distrustIssuer: (issuer) => settings.trusted.distrust(issuer),
  }
}

async function verifyRequest<Account>(
  request: IncomingRequest,
  settings: VerifierSettings<Account>,
): Promise<VerifiedRequest<Account>> {
  const trail = startTrail(request.requestId ?? settings.requestId(), request.method)
  try {
    return await decideRequest(request, trail, settings)
  } catch (error) {
    const refusal = toVerifierError(error, trail.agent !== undefined)
    if (refusal.fault) settings.reportFault(refusal, trail.requestId)
    await recordRefusal(refusal, trail, settings)
    throw refusal
  }
}

async function recordRefusal(
  refusal: VerifierError,
  trail: DecisionTrail,
  settings: VerifierSettings<unknown>,
): Promise<void> {
  try {
    await settings.auditSink?.record(createRecord(trail, refusal.code, settings.wallClock()))
  } catch (cause) {
    // The refusal stands whether or not it can be recorded.
    settings.reportFault(
      new VerifierError('audit_unavailable', 'a refusal was not recorded', { cause }),
      trail.requestId,
    )
  }
}
