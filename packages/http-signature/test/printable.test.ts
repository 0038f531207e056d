import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isPrintable } from '../src/printable.ts'

const SLOW_TWIN = /^[\t -~]*$/
const LENGTHS = [0, 1, 63, 64, 65, 66, 67, 68, 101, 4801, 65_535, 65_536, 65_537]

describe('isPrintable', () => {
  test.each(LENGTHS)('takes %i printable characters', (length) => {
    const text = Array.from({ length }, (_, index) => String.fromCharCode(0x20 + (index % 95))).join('')
    expect(isPrintable(text)).toBe(true)
  })

  test('finds every character that does not belong, at every place in a word and at both ends', () => {
    for (let code = 0; code < 0x180; code += 1) {
      const character = String.fromCharCode(code)
      for (const place of [0, 1, 2, 3, 40, 41, 42, 43, 66, 67, 68, 69]) {
        const text = `${'~'.repeat(place)}${character}${' '.repeat(69 - place)}`
        expect(isPrintable(text), `${code} at ${place}`).toBe(SLOW_TWIN.test(character))
      }
    }
  })

  test('takes a tab in a long text', () => {
    expect(isPrintable(`${'a'.repeat(100)}\t${'b'.repeat(100)}`)).toBe(true)
  })

  test.each([65_535, 65_536, 65_537])('looks at the last of %i characters', (length) => {
    expect(isPrintable(`${'a'.repeat(length - 1)}é`)).toBe(false)
    expect(isPrintable(`${'a'.repeat(length - 1)}\n`)).toBe(false)
  })

  test('is not misled by what it looked at before', () => {
    isPrintable('\n'.repeat(200))
    expect(isPrintable('a'.repeat(197))).toBe(true)
  })

  test('agrees with its definition', () => {
    const anyText = fc.string({ unit: 'binary', minLength: 60, maxLength: 200 })
    const nearlyPrintable = fc.string({
      unit: fc.integer({ min: 0x1e, max: 0x81 }).map((code) => String.fromCharCode(code)),
      minLength: 60,
      maxLength: 90,
    })
    fc.assert(
      fc.property(fc.oneof(anyText, nearlyPrintable), (text) => {
        expect(isPrintable(text)).toBe(SLOW_TWIN.test(text))
      }),
      { numRuns: 2000 },
    )
  })
})
