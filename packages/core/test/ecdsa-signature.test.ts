import { describe, expect, test } from 'vitest'
import { concatBytes } from '../src/bytes.ts'
import { decodeEcdsaSignature, encodeEcdsaSignature } from '../src/ecdsa-signature.ts'
import { decodeHex, encodeHex } from '../src/hex.ts'

const read = (hex: string, length = 2): string | undefined => {
  const raw = decodeEcdsaSignature(decodeHex(hex), length)
  return raw && encodeHex(raw)
}

describe('an ECDSA signature in DER', () => {
  test.each([
    ['small numbers, padded', '3006020101020102', '00010002'],
    ['numbers whose top bit needs a zero', '300a0203008001020300ffff', '8001ffff'],
    ['zero, which nobody signs with', '3006020100020100', '00000000'],
  ])('has %s', (_, der, raw) => {
    expect(read(der)).toBe(raw)
    expect(encodeHex(encodeEcdsaSignature(decodeHex(raw)))).toBe(der)
  })

  test('may need a length of two bytes', () => {
    const raw = new Uint8Array(132).fill(0xff)
    const der = encodeEcdsaSignature(raw)
    expect(encodeHex(der.subarray(0, 3))).toBe('30818a')
    expect(decodeEcdsaSignature(der, 66)).toEqual(raw)
  })

  test.each([
    [61, '307f023d'],
    [62, '30818002'],
  ])('has a length of one byte up to 127: r of %i bytes and s of 62 begin with %s', (length, head) => {
    const raw = new Uint8Array(132).fill(1, 66 - length, 66).fill(1, 132 - 62)
    const der = encodeEcdsaSignature(raw)
    expect(encodeHex(der.subarray(0, 4))).toBe(head)
    expect(decodeEcdsaSignature(der, 66)).toEqual(raw)
  })

  test.each([
    ['nothing', ''],
    ['another tag', '3106020101020102'],
    ['another tag inside', '3006030101020102'],
    ['a needless zero', '300702020001020102'],
    ['a negative number', '3006020181020102'],
    ['an empty number', '30050200020102'],
    ['a number that is too long', '300802030100010201' + '02'],
    ['a length in the long form that fits the short one', '308106020101020102'],
    ['an indefinite length', '30800201010201020000'],
    ['a length beyond the end', '3007020101020102'],
    ['one number', '3003020101'],
    ['three numbers', '3009020101020102020103'],
    ['bytes after it', '300602010102010200'],
  ])('is not %s', (_, der) => {
    expect(read(der)).toBeUndefined()
  })

  test('of r and s side by side is not DER', () => {
    expect(
      decodeEcdsaSignature(concatBytes(new Uint8Array(32).fill(1), new Uint8Array(32)), 32),
    ).toBeUndefined()
  })
})
