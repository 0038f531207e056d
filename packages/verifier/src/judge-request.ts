import type { AuditRecord, AuditSink } from './audit-sink.ts'
import { createRecord, type DecisionTrail, startTrail } from './decision-trail.ts'
import type { WatchDecision } from './decision-watch.ts'
import { VerifierError } from './error.ts'
import type { ReportFault } from './fault.ts'
import type { IncomingRequest } from './incoming-request.ts'
import type { Observation, ReportObservation } from './observation.ts'
import { toVerifierError } from './to-verifier-error.ts'
import type { VerifierMode } from './verifier-mode.ts'

/** What a decision is named, recorded and reported with. */
export interface JudgeSettings {
  readonly mode: VerifierMode
  readonly requestId: () => string
  readonly wallClock: () => number
  readonly auditSink: AuditSink | undefined
  readonly reportFault: ReportFault
  readonly reportObservation: ReportObservation
  /** Absent when nobody wants to know. */
  readonly watchDecision: WatchDecision | undefined
}

/**
 * What became of one request: whatever refuses it is a `VerifierError`, is reported when the API itself was to blame,
 * and is on record. Never throws.
 *
 * @param decide takes down on the trail what is proven, and throws where it refuses
 */
export async function judgeRequest<Verified>(
  request: Pick<IncomingRequest, 'requestId' | 'method' | 'headers'>,
  settings: JudgeSettings,
  decide: (trail: DecisionTrail) => Promise<Verified>,
): Promise<Observation<Verified>> {
  const requestId = request.requestId ?? settings.requestId()
  const trail = startTrail(requestId, request, settings)
  const end = settings.watchDecision?.(trail)
  try {
    const verified = await decide(trail)
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

function reportObservation(record: AuditRecord, refusal: VerifierError, settings: JudgeSettings): void {
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
  settings: JudgeSettings,
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
