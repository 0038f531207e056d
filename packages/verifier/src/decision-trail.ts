import { findTraceContext, formatTraceparent } from '@behalf/core'
import type { FieldLines } from '@behalf/http-signature'
import type { AgentContext } from './agent-context.ts'
import type { AuditRecord, AuditSink, RequestEvidence } from './audit-sink.ts'
import { readPrincipal } from './delegation-steps.ts'
import { VerifierError, type VerifierErrorCode } from './error.ts'
import type { IncomingRequest } from './incoming-request.ts'
import type { ProvenChain } from './proven-chain.ts'
import type { ProtocolCall } from './request-protocol.ts'
import type { StatusSnapshot } from './status-source.ts'
import type { RequestTarget } from './target.ts'
import type { VerifierMode } from './verifier-mode.ts'

/** What has been proven of one request so far; what is recorded when it is decided. */
export interface DecisionTrail {
  readonly requestId: string
  readonly mode: VerifierMode
  readonly method?: string
  /** Whether it will be told what was answered. */
  readonly awaitsOutcome?: boolean
  /** As they came; nothing in them is proven. */
  readonly headers: FieldLines
  /** Of the span of this decision, where there is one. */
  traceparent?: string
  target?: RequestTarget
  agent?: string
  chain?: ProvenChain
  context?: AgentContext
  call?: ProtocolCall
  /** What proves it; made when it is recorded. */
  evidence?: () => RequestEvidence
  /** What was known of revocations. */
  status?: StatusSnapshot
}

const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/

/** Begins the trail of a request about which nothing is proven. */
export function startTrail(
  requestId: string,
  { method, headers, tellsOutcome = false }: Pick<IncomingRequest, 'method' | 'headers' | 'tellsOutcome'>,
  { mode, auditSink }: { readonly mode: VerifierMode; readonly auditSink: AuditSink | undefined },
): DecisionTrail {
  const awaitsOutcome = tellsOutcome && auditSink?.recordOutcome !== undefined
  return { requestId, mode, headers, awaitsOutcome, ...(METHOD.test(method) ? { method } : {}) }
}

/** What a code means for the request. */
export function decisionOf(mode: VerifierMode, code: VerifierErrorCode | 'ok'): AuditRecord['decision'] {
  if (code === 'ok') return 'accepted'
  return mode === 'observe' ? 'observed' : 'refused'
}

/**
 * The intent is on record, so the handler may act.
 *
 * @param time milliseconds since the epoch
 * @throws VerifierError audit_unavailable
 */
export async function recordIntent(
  sink: AuditSink | undefined,
  trail: DecisionTrail,
  time: number,
): Promise<void> {
  try {
    await sink?.record(createRecord(trail, 'ok', time))
  } catch (cause) {
    throw new VerifierError('audit_unavailable', 'the decision cannot be recorded', { cause, fault: true })
  }
}

/** The record of a decision, with what the trail holds by then. */
export function createRecord(
  trail: DecisionTrail,
  code: VerifierErrorCode | 'ok',
  time: number,
): AuditRecord {
  const { requestId, mode, method, target, agent, chain, context, call, evidence } = trail
  const traceparent = trail.traceparent ?? readTraceparent(trail)
  return {
    time,
    requestId,
    decision: decisionOf(mode, code),
    code,
    ...(mode === 'observe' ? { mode } : {}),
    ...(method === undefined ? {} : { method }),
    ...(target === undefined ? {} : { origin: target.origin, path: target.path }),
    ...(agent === undefined ? {} : { agent }),
    ...(chain === undefined
      ? {}
      : { principal: readPrincipal(chain), delegations: chain.links.map(({ id }) => id) }),
    ...describePolicy(chain),
    ...(chain?.leaf.workflow === undefined ? {} : { workflow: chain.leaf.workflow }),
    ...(context === undefined ? {} : { context }),
    ...(call === undefined ? {} : { call }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(trail.awaitsOutcome === true && code === 'ok' ? { awaitsOutcome: true } : {}),
    ...(evidence === undefined ? {} : { evidence: evidence() }),
  }
}

function describePolicy(chain: ProvenChain | undefined): Pick<AuditRecord, 'policy'> {
  if (chain?.root.policy === undefined) return {}
  const { id, digest } = chain.root.policy
  return { policy: { id, digest } }
}

/** What the sender said. */
function readTraceparent({ headers }: DecisionTrail): string | undefined {
  const context = findTraceContext(headers)
  return context && formatTraceparent(context)
}
