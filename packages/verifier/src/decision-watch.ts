import { findTraceContext, formatTraceparent, type MonotonicClock } from '@behalf/core'
import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { type DecisionTrail, decisionOf } from './decision-trail.ts'
import { VerifierError, type VerifierErrorCode } from './error.ts'
import type { ReportFault } from './fault.ts'
import type { VerifierMeter } from './verifier-meter.ts'

/** Ends what was begun with a request: it was accepted, or refused for this. */
export type EndDecision = (refusal?: VerifierError) => void

/** Begins to watch the decision about a request. */
export type WatchDecision = (trail: DecisionTrail) => EndDecision

/** Who wants to know of decisions. */
export interface DecisionWatchOptions {
  readonly tracer?: Tracer | undefined
  readonly meter?: VerifierMeter | undefined
  readonly monotonicClock: MonotonicClock
  readonly reportFault: ReportFault
}

/**
 * Makes each decision a span and a measurement; undefined when nobody wants either. No watcher changes a decision: what
 * it throws is a fault.
 */
export function createDecisionWatch(options: DecisionWatchOptions): WatchDecision | undefined {
  const { tracer, meter, monotonicClock, reportFault } = options
  if (tracer === undefined && meter === undefined) return undefined
  return (trail) => {
    const guard = (step: () => void): void => {
      try {
        step()
      } catch (cause) {
        const fault = new VerifierError('internal_error', 'a watcher of decisions failed', {
          cause,
          fault: true,
        })
        reportFault(fault, trail.requestId)
      }
    }
    const startedAt = monotonicClock()
    let span: Span | undefined
    guard(() => {
      span = tracer && startSpan(tracer, trail)
    })
    return (refusal) => {
      const code = refusal?.code ?? 'ok'
      const seconds = (monotonicClock() - startedAt) / 1000
      guard(() => meter?.decided({ decision: decisionOf(trail.mode, code), code, seconds }))
      guard(() => span && endSpan(span, trail, refusal))
    }
  }
}

function startSpan(tracer: Tracer, trail: DecisionTrail): Span {
  const parent = findParent(trail)
  const span = tracer.startSpan('behalf.verify', { kind: parent.kind }, parent.context)
  const own = span.spanContext()
  if (isSpanContextValid(own)) trail.traceparent = formatTraceparent(own)
  return span
}

/** What the API's own instrumentation began for this request, or else whoever sent it. */
function findParent({ headers }: DecisionTrail): { readonly context: Context; readonly kind: SpanKind } {
  const active = context.active()
  if (trace.getSpan(active) !== undefined) return { context: active, kind: SpanKind.INTERNAL }
  const sender = findTraceContext(headers)
  const remote = sender && trace.setSpanContext(ROOT_CONTEXT, { ...sender, isRemote: true })
  return { context: remote ?? active, kind: SpanKind.SERVER }
}

/** What an operator needs to find the request again; nothing of what was in it. */
function endSpan(span: Span, trail: DecisionTrail, refusal: VerifierError | undefined): void {
  const { requestId, mode, method, target, agent, chain } = trail
  const code: VerifierErrorCode | 'ok' = refusal?.code ?? 'ok'
  span.setAttributes({
    'behalf.request_id': requestId,
    'behalf.decision': decisionOf(mode, code),
    'behalf.code': code,
    ...(method === undefined ? {} : { 'http.request.method': method }),
    ...(target === undefined ? {} : { 'server.address': target.origin }),
    ...(agent === undefined ? {} : { 'behalf.agent': agent }),
    ...(chain === undefined
      ? {}
      : { 'behalf.delegation': chain.leaf.id, 'behalf.links': chain.links.length }),
  })
  if (refusal?.fault === true) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}
