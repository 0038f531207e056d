import { checkSignatureWindow, type SignatureWindowOptions } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf, expectMistake } from './fixtures.ts'

const created = 1_700_000_000
const signature = { created, expires: created + 60 }

function check(seconds: number, options: Partial<SignatureWindowOptions> = {}): string {
  return codeOf(() => checkSignatureWindow(signature, { now: (created + seconds) * 1000, ...options }))
}

describe('checkSignatureWindow', () => {
  test('accepts from 5 s before created to 30 s after expires, to the millisecond', () => {
    expect(check(-5.001)).toBe('signature_not_yet_valid')
    expect(check(-5)).toBe('ok')
    expect(check(0)).toBe('ok')
    expect(check(60)).toBe('ok')
    expect(check(90)).toBe('ok')
    expect(check(90.001)).toBe('signature_expired')
    expect(check(91)).toBe('signature_expired')
  })

  test('takes other tolerances', () => {
    expect(check(-1, { createdToleranceSeconds: 0 })).toBe('signature_not_yet_valid')
    expect(check(61, { expiresToleranceSeconds: 0 })).toBe('signature_expired')
    expect(check(60, { expiresToleranceSeconds: 0 })).toBe('ok')
  })

  test('bounds the length of the window', () => {
    const lasting = (seconds: number, maxWindowSeconds?: number): string =>
      codeOf(() =>
        checkSignatureWindow(
          { created, expires: created + seconds },
          { now: created * 1000, ...(maxWindowSeconds === undefined ? {} : { maxWindowSeconds }) },
        ),
      )
    expect(lasting(300)).toBe('ok')
    expect(lasting(301)).toBe('signature_window_too_long')
    expect(lasting(301, 301)).toBe('ok')
    expect(lasting(11, 10)).toBe('signature_window_too_long')
  })

  test('a clock that tells no time is a mistake of the caller, not a pass', () => {
    for (const now of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      expectMistake(() => checkSignatureWindow(signature, { now }))
    }
  })
})
