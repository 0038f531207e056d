import type { Did } from '@behalf/did'
import type { AuditRecord } from './audit-sink.ts'
import { decideRequest } from './decide-request.ts'
import { createRecord, type DecisionTrail, startTrail } from './decision-trail.ts'
import { VerifierError } from './error.ts'
import type { IncomingRequest } from './incoming-request.ts'
import type { Observation } from './observation.ts'
import { toProblemResponse } from './problem-response.ts'
import type { ObservingGuard, RefusalAnswers, RequestGuard } from './request-guard.ts'
import { toVerifierError } from './to-verifier-error.ts'
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
    return { ...common, mode: 'observe', verify: (request) => judgeRequest(request, settings) }
  }
  return { ...common, mode: 'enforce', verify: (request) => verifyRequest(request, settings) }
}

async function verifyRequest<Account>(
  request: IncomingRequest,
  settings: VerifierSettings<Account>,
): Promise<VerifiedRequest<Account>> {
  const { verified, refusal } = await judgeRequest(request, settings)
  if (refusal !== undefined) throw refusal
  return verified
}

async function judgeRequest<Account>(
  request: IncomingRequest,
  settings: VerifierSettings<Account>,
): Promise<Observation<VerifiedRequest<Account>>> {
  const requestId = request.requestId ?? settings.requestId()
  const trail = startTrail(requestId, request, settings.mode)
  const end = settings.watchDecision?.(trail)
  try {
    const verified = await decideRequest(request, trail, settings)
    end?.()
    return { verified, requestId }
  } catch (error) {
    const refusal = toVerifierError(error, trail.agent !== undefined)
    if (refusal.fault) settings.reportFault(refusal, requestId)
    await reportRefusal(refusal, trail, settings)
    end?.(refusal)
    return { refusal, requestId }
  }
}

function reportObservation(
  record: AuditRecord,
  refusal: VerifierError,
  settings: VerifierSettings<unknown>,
): void {
  try {
    settings.reportObservation(record, refusal)
  } catch (cause) {
    const fault = new VerifierError('internal_error', 'reportObservation failed', { cause, fault: true })
    settings.reportFault(fault, record.requestId)
  }
}

async function reportRefusal(
  refusal: VerifierError,
  trail: DecisionTrail,
  settings: VerifierSettings<unknown>,
): Promise<void> {
  const record = createRecord(trail, refusal.code, settings.wallClock())
  if (settings.mode === 'observe') {
    // What is told here may end up in any log.
    const { evidence: _, ...told } = record
    reportObservation(told, refusal, settings)
  }
  try {
    await settings.auditSink?.record(record)
  } catch (cause) {
    // The refusal stands whether or not it can be recorded.
    settings.reportFault(
      new VerifierError('audit_unavailable', 'a refusal was not recorded', { cause }),
      trail.requestId,
    )
  }
}
