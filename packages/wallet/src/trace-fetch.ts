import { formatTraceparent } from '@behalf/core'
import type { Span, Tracer } from '@opentelemetry/api'
import type { Fetch } from './fetch.ts'

/** `SpanKind.CLIENT` and `SpanStatusCode.ERROR`, so that nothing of the library is loaded without a tracer. */
const CLIENT = 2
const ERROR = 2
const MAX_ID_LENGTH = 128

/**
 * The same fetch, in which every request is a span that its receiver can go on from. A span says where a request went
 * and what came back, and nothing of what was in it.
 *
 * @see W3C Trace Context
 */
export function traceFetch(fetch: Fetch, tracer: Tracer): Fetch {
  return async (url, init) => {
    const method = init.method ?? 'GET'
    const { origin } = new URL(url)
    const attributes = { 'http.request.method': method, 'server.address': origin }
    const span = tracer.startSpan(`behalf.fetch ${method}`, { kind: CLIENT, attributes })
    try {
      const response = await fetch(url, { ...init, headers: addContext(init.headers, span) })
      span.setAttribute('http.response.status_code', response.status)
      const requestId = response.headers.get('request-id')
      if (requestId !== null) span.setAttribute('behalf.request_id', requestId.slice(0, MAX_ID_LENGTH))
      return response
    } catch (error) {
      span.setStatus({ code: ERROR })
      span.setAttribute('error.type', error instanceof Error ? error.name : typeof error)
      throw error
    } finally {
      span.end()
    }
  }
}

/** What the caller says about its trace stays. */
function addContext(headers: RequestInit['headers'], span: Span): Headers {
  const fields = new Headers(headers)
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  if (fields.has('traceparent') || /^0*$/u.test(traceId)) return fields
  fields.set('traceparent', formatTraceparent({ traceId, spanId, traceFlags }))
  const state = traceState?.serialize() ?? ''
  if (state !== '') fields.set('tracestate', state)
  return fields
}
