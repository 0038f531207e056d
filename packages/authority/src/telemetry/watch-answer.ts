import { findTraceContext, formatTraceparent, type MonotonicClock, type TraceContext } from '@behalf/core'
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
import type { AuthorityMetrics } from './authority-metrics.ts'

/** A call that was answered. */
export interface AnsweredCall {
  readonly method: string
  /** As it is documented; undefined when there is no such route. */
  readonly route: string | undefined
  readonly status: number
  /** Of a refusal. */
  readonly code: string | undefined
  readonly requestId: string
}

/** A call that is being answered. */
export interface WatchedCall {
  /** Of its span, or else what the caller said; undefined where there is neither. @see W3C Trace Context */
  readonly traceparent: string | undefined
  /** Told once how it was answered. */
  readonly end: (answered: AnsweredCall) => void
}

/** Begins to watch a call, by its header lines. */
export type WatchAnswer = (headers: Iterable<readonly [string, string]>) => WatchedCall

const KNOWN_METHODS: ReadonlySet<string> = new Set([
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
])
const NO_ROUTE = '(none)'

/**
 * Makes each call a measurement and, with a tracer, a span below that of whoever calls. Nothing of what was in a call
 * is told, nor its path, which may hold ids.
 */
export function createAnswerWatch(options: {
  readonly metrics: AuthorityMetrics
  readonly tracer: Tracer | undefined
  readonly monotonicClock: MonotonicClock
}): WatchAnswer {
  const { metrics, tracer, monotonicClock } = options
  return (headers) => {
    const startedAt = monotonicClock()
    const sender = findTraceContext(headers)
    const span = tracer && startSpan(tracer, sender)
    const end = (call: AnsweredCall): void => {
      const { status, code = 'ok' } = call
      const { method, route } = boundNames(call)
      metrics.answered({ method, route, status, code, seconds: (monotonicClock() - startedAt) / 1000 })
      if (span) endSpan(span, { ...call, method, route })
    }
    const own = span?.spanContext()
    const said = own && isSpanContextValid(own) ? own : sender
    return { traceparent: said && formatTraceparent(said), end }
  }
}

/** Anybody may ask for any path with any method, and each would be kept for good. */
function boundNames({ method, route }: AnsweredCall): { readonly method: string; readonly route: string } {
  return { method: KNOWN_METHODS.has(method) ? method : 'other', route: route ?? NO_ROUTE }
}

function startSpan(tracer: Tracer, sender: TraceContext | undefined): Span {
  return tracer.startSpan('behalf.authority', { kind: SpanKind.SERVER }, findParent(sender))
}

function findParent(sender: TraceContext | undefined): Context {
  const active = context.active()
  if (sender === undefined || trace.getSpan(active) !== undefined) return active
  return trace.setSpanContext(ROOT_CONTEXT, { ...sender, isRemote: true })
}

function endSpan(span: Span, { method, route = NO_ROUTE, status, code, requestId }: AnsweredCall): void {
  span.updateName(`${method} ${route}`)
  span.setAttributes({
    'http.request.method': method,
    'http.route': route,
    'http.response.status_code': status,
    'behalf.request_id': requestId,
    'behalf.code': code ?? 'ok',
  })
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
  span.end()
}
