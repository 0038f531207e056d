import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeEcdsaSignature, encodeEcdsaSignature } from '../src/ecdsa-signature.ts'
import { decodeHex, encodeHex } from '../src/hex.ts'

const LENGTHS = [32, 48, 66] as const

describe.each(LENGTHS)('integers of at most %i bytes', (length) => {
  const greatest = 256n ** BigInt(length) - 1n
  const edges = fc
    .record({ bytes: fc.nat(length), near: fc.bigInt(-2n, 2n), top: fc.constantFrom(1n, 2n) })
    .map(({ bytes, near, top }) => clamp(256n ** BigInt(bytes) / top + near, greatest))
  const integers = fc.oneof(edges, fc.bigInt(0n, greatest))

  test('are read from the one DER spelling and spelled the same again', () => {
    fc.assert(
      fc.property(integers, integers, (r, s) => {
        const raw = decodeHex(padded(r, length) + padded(s, length))
        const der = decodeHex(sequence(integer(r) + integer(s)))
        expect(encodeEcdsaSignature(raw)).toEqual(der)
        expect(decodeEcdsaSignature(der, length)).toEqual(raw)
      }),
    )
  })

  test('are read from no text that differs in a bit, lacks an end or goes on', () => {
    const values = [0n, 1n, 0x80n, 256n ** BigInt(length - 1), greatest]
    for (const der of values.map((value) =>
      decodeHex(sequence(integer(value) + integer(greatest - value))),
    )) {
      for (let end = 0; end < der.length; end += 1)
        expect(decodeEcdsaSignature(der.subarray(0, end), length)).toBeUndefined()
      expect(decodeEcdsaSignature(Uint8Array.of(...der, 0), length)).toBeUndefined()
      for (let index = 0; index < der.length; index += 1) {
        const changed = Uint8Array.from(der, (byte, at) => (at === index ? byte ^ 0x80 : byte))
        const raw = decodeEcdsaSignature(changed, length)
        // Another number may be spelled by it, and then only by it.
        if (raw !== undefined) expect(encodeEcdsaSignature(raw)).toEqual(changed)
      }
    }
  })

  test('are not longer', () => {
    for (const [r, s] of [
      [greatest + 1n, 1n],
      [1n, greatest + 1n],
    ] as const) {
      expect(decodeEcdsaSignature(decodeHex(sequence(integer(r) + integer(s))), length)).toBeUndefined()
    }
  })
})

test.each([
  ['nothing', ''],
  ['another tag for the sequence', '3106020101020102'],
  ['another tag for r', '3006030101020102'],
  ['another tag for s', '3006020101030102'],
  ['a negative r', '3006020181020102'],
  ['a negative s', '3006020101020182'],
  ['a zero in front of r', '300702020001020102'],
  ['a zero in front of s', '300702010102020002'],
  ['an r without bytes', '30050200020102'],
  ['an s without bytes', '30050201010200'],
  ['a sequence whose length takes a byte too many', '308106020101020102'],
  ['a sequence whose length takes two bytes too many', '30820006020101020102'],
  ['a sequence without a length', '3080020101020102'],
  ['an r whose length takes a byte too many', '30070281010102010200'],
  ['a sequence that ends before s', '3003020101020102'],
  ['a sequence that ends after s', '3007020101020102'],
  ['a third integer', '3009020101020102020103'],
  ['no s', '3003020101'],
  ['r and s without their spelling', '01'.repeat(64)],
])('%s is no signature', (_, hex) => {
  expect(decodeEcdsaSignature(decodeHex(hex), 32)).toBeUndefined()
})

test('the length of the sequence takes one byte up to 127 and two above', () => {
  const ofLength = (r: number, s: number): string => {
    const raw = new Uint8Array(132)
    raw.fill(1, 66 - r, 66)
    raw.fill(1, 132 - s)
    return encodeHex(encodeEcdsaSignature(raw)).slice(0, 8)
  }
  expect(ofLength(61, 62)).toBe('307f023d')
  expect(ofLength(62, 62)).toBe('30818002')
})

function clamp(value: bigint, greatest: bigint): bigint {
  if (value < 0n) return 0n
  return value > greatest ? greatest : value
}

/** In whole bytes, hexadecimal. */
function digits(value: bigint): string {
  const hex = value.toString(16)
  return hex.length % 2 === 0 ? hex : `0${hex}`
}

function padded(value: bigint, length: number): string {
  return digits(value).padStart(length * 2, '0')
}

/** X.690 section 8.3: in two's complement and as few bytes as possible. */
function integer(value: bigint): string {
  const hex = digits(value)
  return tagged('02', Number.parseInt(hex.slice(0, 2), 16) > 0x7f ? `00${hex}` : hex)
}

function sequence(content: string): string {
  return tagged('30', content)
}

/** X.690 section 10.1: the length in as few bytes as possible. */
function tagged(tag: string, content: string): string {
  const length = BigInt(content.length / 2)
  return tag + (length > 127n ? '81' : '') + digits(length) + content
}
