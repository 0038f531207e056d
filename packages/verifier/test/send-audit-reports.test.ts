import { createEd25519Signer, decodeUtf8 } from '@behalf/core'
import { type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api'
import { describe, expect, test } from 'vitest'
import { type SendFetch, sendAuditReports } from '../src/send-audit-reports.ts'
import { createTestTimers } from './support/test-timers.ts'

type Call = { readonly url: string } & Parameters<SendFetch>[1]

const SPAN_CONTEXT = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }

/** A tracer that notes what is done with its one span. */
function noting(): { readonly tracer: Tracer; readonly notes: readonly unknown[] } {
  const notes: unknown[] = []
  const span: Partial<Span> = {
    spanContext: () => SPAN_CONTEXT,
    setStatus: (status) => {
      notes.push(status)
      return span as Span
    },
    end: () => void notes.push('end'),
  }
  const startSpan: Tracer['startSpan'] = (name, options) => {
    notes.push(name, options)
    return span as Span
  }
  return { tracer: { startSpan } as Tracer, notes }
}

function world(answer: () => Response | Promise<Response>) {
  const calls: Call[] = []
  const timers = createTestTimers()
  const options = {
    authority: 'https://authority.test',
    signer: createEd25519Signer(new Uint8Array(32).fill(1)),
    fetch: async (url: string, init: Parameters<SendFetch>[1]) => {
      calls.push({ url, ...init })
      return answer()
    },
    clock: () => 1_800_000_000_000,
    random: (length: number) => new Uint8Array(length),
    setTimer: timers.setTimer,
    timeoutSeconds: 5,
  }
  return { calls, timers, options }
}

describe('reports that are sent', () => {
  test('are one signed body at the one address', async () => {
    const { calls, timers, options } = world(() => new Response('{}'))
    await sendAuditReports(['{"a":1}', '{"b":2}'], options)
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject({
      url: 'https://authority.test/audit/records',
      method: 'POST',
      redirect: 'error',
    })
    expect(decodeUtf8(calls[0]?.body ?? new Uint8Array())).toBe('{"records":[{"a":1},{"b":2}]}')
    expect(Object.keys(calls[0]?.headers ?? {}).toSorted()).toEqual([
      'content-digest',
      'content-type',
      'signature',
      'signature-input',
      'signature-key',
    ])
    expect(calls[0]?.headers['content-type']).toBe('application/json')
    expect(timers.pending()).toEqual([])
  })

  test('are a span of the trace, which the authority is told', async () => {
    const { calls, options } = world(() => new Response(null))
    const { tracer, notes } = noting()
    await sendAuditReports(['{}'], { ...options, tracer })
    const attributes = { 'behalf.records': 1, 'server.address': 'https://authority.test' }
    expect(notes).toEqual(['behalf.report', { kind: SpanKind.CLIENT, attributes }, 'end'])
    expect(calls[0]?.headers['traceparent']).toBe(`00-${SPAN_CONTEXT.traceId}-${SPAN_CONTEXT.spanId}-01`)
  })

  test('fail with any other answer, and so does their span', async () => {
    const { options, timers } = world(() => new Response(null, { status: 503 }))
    const { tracer, notes } = noting()
    await expect(sendAuditReports(['{}'], { ...options, tracer })).rejects.toThrow(
      new Error('the authority answered with 503'),
    )
    expect(notes.slice(2)).toEqual([{ code: SpanStatusCode.ERROR }, 'end'])
    expect(timers.pending()).toEqual([])
  })

  test('fail when no answer comes, even from a fetch that goes on', async () => {
    const { calls, options, timers } = world(() => new Promise<Response>(() => undefined))
    const sent = sendAuditReports(['{}'], options)
    await expect.poll(() => timers.pending()).toEqual([5000])
    timers.run()
    await expect(sent).rejects.toThrow(new Error('the authority did not answer in time'))
    expect(calls[0]?.signal.aborted).toBe(true)
  })
})
