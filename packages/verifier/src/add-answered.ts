import type { AuditOutcome } from './audit-sink.ts'
import type { DecisionTrail } from './decision-trail.ts'
import { readPrincipal } from './delegation-steps.ts'
import { VerifierError } from './error.ts'
import type { JudgeSettings } from './judge-request.ts'
import type { TellAnswer } from './told-answer.ts'

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
