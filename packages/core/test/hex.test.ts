import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeHex, encodeHex } from '../src/hex.ts'
import { expectCode } from './support/expect-code.ts'

test('spells each byte with two lower-case digits', () => {
  expect(encodeHex(Uint8Array.of(0, 10, 255))).toBe('000aff')
  expect(decodeHex('000aff')).toEqual(Uint8Array.of(0, 10, 255))
})

test('all bytes survive', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decodeHex(encodeHex(bytes))).toEqual(bytes)
    }),
  )
})

test.each(['0', '0A', '0g', ' 00', '00\n', '0x00', '00 00'])('refuses %j', (text) => {
  expectCode('encoding_malformed', () => decodeHex(text))
})
