import { findTraceContext, type MonotonicClock } from '@behalf/core'
import {
  type Context,
  context,
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

/** Begins to watch a call, by its header lines; what is returned is told how it was answered. */
export type WatchAnswer = (headers: Iterable<readonly [string, string]>) => (answered: AnsweredCall) => void

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
    const span = tracer && startSpan(tracer, headers)
    return (call) => {
      const { status, code = 'ok' } = call
      const { method, route } = boundNames(call)
      metrics.answered({ method, route, status, code, seconds: (monotonicClock() - startedAt) / 1000 })
      if (span) endSpan(span, { ...call, method, route })
    }
  }
}

/** Anybody may ask for any path with any method, and each would be kept for good. */
function boundNames({ method, route }: AnsweredCall): { readonly method: string; readonly route: string } {
  return { method: KNOWN_METHODS.has(method) ? method : 'other', route: route ?? NO_ROUTE }
}

function startSpan(tracer: Tracer, headers: Iterable<readonly [string, string]>): Span {
  return tracer.startSpan('behalf.authority', { kind: SpanKind.SERVER }, findParent(headers))
}

function findParent(headers: Iterable<readonly [string, string]>): Context {
  const active = context.active()
  const sender = trace.getSpan(active) === undefined ? findTraceContext(headers) : undefined
  return sender === undefined ? active : trace.setSpanContext(ROOT_CONTEXT, { ...sender, isRemote: true })
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
