import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, equalBytes } from '../src/bytes.ts'

describe('concatBytes', () => {
  test('joins the parts in order', () => {
    expect(concatBytes(Uint8Array.of(1), new Uint8Array(), Uint8Array.of(2, 3))).toEqual(
      Uint8Array.of(1, 2, 3),
    )
    expect(concatBytes()).toEqual(new Uint8Array())
  })

  test('copies, so that changing a part later changes nothing', () => {
    const part = Uint8Array.of(1)
    const joined = concatBytes(part)
    part.fill(9)
    expect(joined).toEqual(Uint8Array.of(1))
  })
})

describe('equalBytes', () => {
  test('is the equality of contents', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (a, b) => {
        expect(equalBytes(a, b)).toBe(a.join() === b.join())
        expect(equalBytes(a, a.slice())).toBe(true)
      }),
    )
  })

  test.each([0, 15, 31])('sees a difference in byte %i', (index) => {
    const changed = new Uint8Array(32)
    changed[index] = 1
    expect(equalBytes(changed, new Uint8Array(32))).toBe(false)
  })

  test('a prefix is not equal', () => {
    expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 0))).toBe(false)
    expect(equalBytes(Uint8Array.of(1, 0), Uint8Array.of(1))).toBe(false)
  })
})
