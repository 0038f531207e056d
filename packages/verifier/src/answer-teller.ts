import type { AuditOutcome } from './audit-sink.ts'
import type { DecisionTrail } from './decision-trail.ts'
import { readPrincipal } from './delegation-steps.ts'
import { VerifierError } from './error.ts'
import type { JudgeSettings } from './judge-request.ts'

/** How a request was answered. */
export interface ToldAnswer {
  /** HTTP status; undefined when nothing was answered, or the handler failed before it said what. */
  readonly status: number | undefined
  /** Whether the connection is known to have ended before all of the answer was sent. */
  readonly isCutOff: boolean
}

/** Says how a request was answered. What is said first counts; it never throws. */
export type TellAnswer = (answer: ToldAnswer) => void

/**
 * The same object with a member `answered` that records the outcome, and is not copied with the rest; absent where none
 * is awaited.
 */
export function addAnswered<Verified extends object>(
  verified: Verified,
  trail: DecisionTrail,
  settings: Pick<JudgeSettings, 'auditSink' | 'wallClock' | 'reportFault'>,
): Verified & { readonly answered?: TellAnswer } {
  if (trail.awaitsOutcome !== true) return verified
  return Object.defineProperty(verified, 'answered', { value: createTeller(trail, settings) })
}

function createTeller(
  { requestId, target, chain }: DecisionTrail,
  { auditSink, wallClock, reportFault }: Pick<JudgeSettings, 'auditSink' | 'wallClock' | 'reportFault'>,
): TellAnswer {
  const known: Omit<AuditOutcome, 'time' | 'status' | 'isCutOff'> = {
    requestId,
    ...(target !== undefined && { origin: target.origin }),
    ...(chain !== undefined && { principal: readPrincipal(chain) }),
    ...(chain?.links[0] !== undefined && { root: chain.links[0].id }),
  }
  let isTold = false
  return ({ status, isCutOff }) => {
    if (isTold) return
    isTold = true
    try {
      auditSink?.recordOutcome?.({
        ...known,
        time: wallClock(),
        isCutOff,
        ...(status !== undefined && { status }),
      })
    } catch (cause) {
      reportFault(new VerifierError('audit_unavailable', 'an outcome was not recorded', { cause }), requestId)
    }
  }
}
