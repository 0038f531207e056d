import { type Clock, encodeUtf8, formatTraceparent, type RandomBytes, type Signer } from '@behalf/core'
import { isSpanContextValid, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { type ReportRefusal, readReportRefusal } from './report-refusal.ts'
import { signCall } from './sign-call.ts'
import type { SetTimer } from './timer.ts'

/** The part of the platform's `fetch` that sends reports. */
export type SendFetch = (
  url: string,
  init: {
    method: 'POST'
    redirect: 'error'
    headers: Record<string, string>
    body: Uint8Array<ArrayBuffer>
    signal: AbortSignal
  },
) => Promise<Response>

/** Where reports go, and who sends them. */
export interface SendAuditReportsOptions {
  /** Origin of the authority. */
  readonly authority: string
  /** Of the key that an operator of the authority registered. */
  readonly signer: Signer
  readonly fetch: SendFetch
  readonly clock: Clock
  readonly random: RandomBytes
  readonly setTimer: SetTimer
  /** For the whole answer. */
  readonly timeoutSeconds: number
  readonly tracer?: Tracer
}

const TARGET = '/audit/records'

/**
 * The authority has put every report on record, or none of them and will not take them like this.
 *
 * @param reports JSON of each, see `serializeAuditReport`
 * @returns undefined when they are on record
 * @throws any error of `fetch`, and Error for an answer that says "not now", or none in time
 */
export async function sendAuditReports(
  reports: readonly string[],
  options: SendAuditReportsOptions,
): Promise<ReportRefusal | undefined> {
  const attributes = { 'behalf.records': reports.length, 'server.address': options.authority }
  const span = options.tracer?.startSpan('behalf.report', { kind: SpanKind.CLIENT, attributes })
  try {
    const body = new Uint8Array(encodeUtf8(`{"records":[${reports.join(',')}]}`))
    const refusal = await sendBody(body, options, span)
    if (refusal !== undefined) span?.setStatus({ code: SpanStatusCode.ERROR })
    return refusal
  } catch (error) {
    span?.setStatus({ code: SpanStatusCode.ERROR })
    throw error
  } finally {
    span?.end()
  }
}

async function sendBody(
  body: Uint8Array<ArrayBuffer>,
  options: SendAuditReportsOptions,
  span: Span | undefined,
): Promise<ReportRefusal | undefined> {
  const { authority, fetch, setTimer, timeoutSeconds } = options
  const headers = { ...(await signCall(body, { ...options, target: TARGET })), ...describeSpan(span) }
  const abort = new AbortController()
  const late = Promise.withResolvers<never>()
  const stopTimer = setTimer(() => {
    abort.abort()
    late.reject(new Error('the authority did not answer in time'))
  }, timeoutSeconds * 1000)
  try {
    const sent = fetch(`${authority}${TARGET}`, {
      method: 'POST',
      redirect: 'error',
      headers,
      body,
      signal: abort.signal,
    })
    // Raced, because a fetch that ignores the signal would otherwise hold the caller for ever.
    const response = await Promise.race([sent, late.promise])
    return await Promise.race([readAnswer(response), late.promise])
  } finally {
    stopTimer()
    abort.abort()
  }
}

async function readAnswer(response: Response): Promise<ReportRefusal | undefined> {
  if (response.status === 200) {
    await response.body?.cancel()
    return undefined
  }
  const refusal = await readReportRefusal(response)
  if (refusal !== undefined) return refusal
  throw new Error(`the authority answered with ${response.status}`)
}

function describeSpan(span: Span | undefined): Record<string, string> {
  const own = span?.spanContext()
  return own !== undefined && isSpanContextValid(own) ? { traceparent: formatTraceparent(own) } : {}
}
