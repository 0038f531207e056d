import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeUtf8, encodeUtf8, encodeUtf8Into } from '../src/utf8.ts'
import { expectCode } from './support/expect-code.ts'

// Every code point but the surrogates.
const scalarValues = fc
  .integer({ min: 0, max: 0x10ffff - 0x800 })
  .map((value) => (value < 0xd800 ? value : value + 0x800))

test('every well-formed text survives', () => {
  fc.assert(
    fc.property(fc.array(scalarValues), (values) => {
      const text = String.fromCodePoint(...values)
      fc.pre(!text.startsWith('\uFEFF'))
      expect(decodeUtf8(encodeUtf8(text))).toBe(text)
    }),
  )
})

describe('encodeUtf8', () => {
  test.each(['\ud800', 'a\udc00', '\udc00\ud800', 'x\ud83d'])('refuses the lone surrogate in %j', (text) => {
    expectCode('encoding_malformed', () => encodeUtf8(text))
  })
})

describe('encodeUtf8Into', () => {
  test('writes what encodeUtf8 returns, and nothing behind it', () => {
    fc.assert(
      fc.property(fc.array(scalarValues), (values) => {
        const text = String.fromCodePoint(...values)
        const target = new Uint8Array(3 * text.length + 1).fill(0xff)
        const written = encodeUtf8Into(text, target)
        expect(target.subarray(0, written)).toEqual(encodeUtf8(text))
        expect(target[written]).toBe(0xff)
      }),
    )
  })

  test.each(['\ud800', 'a\udc00'])('refuses the lone surrogate in %j', (text) => {
    expectCode('encoding_malformed', () => encodeUtf8Into(text, new Uint8Array(9)))
  })

  test.each([
    ['abc', 2],
    ['é', 1],
    ['a\u{1f600}', 4],
  ])('%j does not fit %i bytes', (text, length) => {
    expect(() => encodeUtf8Into(text, new Uint8Array(length))).toThrow(
      new RangeError('The text does not fit'),
    )
    expect(encodeUtf8Into(text, new Uint8Array(length + 1))).toBe(length + 1)
  })
})

describe('decodeUtf8', () => {
  test.each([
    ['an overlong slash', [0xc0, 0xaf]],
    ['an encoded surrogate', [0xed, 0xa0, 0x80]],
    ['a code point above U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
    ['a truncated sequence', [0xe2, 0x82]],
    ['a lone continuation', [0x80]],
    ['0xff', [0xff]],
  ])('refuses %s', (_, bytes) => {
    const error = expectCode('encoding_malformed', () => decodeUtf8(Uint8Array.from(bytes)))
    expect(error.cause).toBeInstanceOf(TypeError)
  })

  test('refuses a byte order mark and keeps U+FEFF elsewhere', () => {
    expectCode('encoding_malformed', () => decodeUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)))
    expect(decodeUtf8(Uint8Array.of(0x61, 0xef, 0xbb, 0xbf))).toBe('a\uFEFF')
  })
})
