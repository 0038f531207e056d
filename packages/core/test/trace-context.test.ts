import { describe, expect, test } from 'vitest'
import { findTraceContext, formatTraceparent, parseTraceparent } from '../src/trace-context.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const SPAN = '00f067aa0ba902b7'
const TEXT = `00-${TRACE}-${SPAN}-01`

describe('traceparent', () => {
  test('is read and written', () => {
    expect(parseTraceparent(TEXT)).toEqual({ traceId: TRACE, spanId: SPAN, traceFlags: 1 })
    expect(formatTraceparent({ traceId: TRACE, spanId: SPAN, traceFlags: 1 })).toBe(TEXT)
    expect(formatTraceparent({ traceId: TRACE, spanId: SPAN, traceFlags: 255 })).toBe(
      `${TEXT.slice(0, -2)}ff`,
    )
  })

  test('of a later version may say more', () => {
    expect(parseTraceparent(`01${TEXT.slice(2)}-more`)).toEqual(parseTraceparent(TEXT))
  })

  test.each([
    ['', 'nothing'],
    [`${TEXT}-more`, 'more than its version has'],
    [`ff${TEXT.slice(2)}`, 'no version'],
    [TEXT.toUpperCase(), 'upper case'],
    [`00-${'0'.repeat(32)}-${SPAN}-01`, 'no trace'],
    [`00-${TRACE}-${'0'.repeat(16)}-01`, 'no span'],
    [`00-${TRACE.slice(1)}-${SPAN}-01`, 'too short'],
    [` ${TEXT}`, 'white space'],
    [`01${TEXT.slice(2)}-${'a'.repeat(80)}`, 'far too long'],
  ])('%s is none (%s)', (text) => {
    expect(parseTraceparent(text)).toBeUndefined()
  })

  test('is looked for among the lines of a request, and counts once', () => {
    const line = (name: string): readonly [string, string] => [name, TEXT]
    expect(findTraceContext([['host', 'a.test'], line('TraceParent')])?.spanId).toBe(SPAN)
    expect(findTraceContext([['tracestate00', TEXT]])).toBeUndefined()
    expect(findTraceContext([line('traceparent'), line('traceparent')])).toBeUndefined()
  })
})
