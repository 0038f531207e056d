import { encodeBase64url } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { decodeBitstring, encodeBitstring } from '../src/bitstring.ts'
import { compressGzip } from '../src/gzip.ts'
import { createBitstring, readBit, writeBit } from '../src/index.ts'
import { codeOf } from './support/refusal.ts'

describe('createBitstring', () => {
  test('has no bit set', () => {
    const bits = createBitstring()
    expect(bits.length).toBe(16_384)
    expect(bits.every((byte) => byte === 0)).toBe(true)
    expect(createBitstring(131_080).length).toBe(16_385)
  })

  test.each([0, 131_064, 131_073, 8_388_616, Number.NaN, -131_072])('refuses %s', (length) => {
    expect(() => createBitstring(length)).toThrow(
      new TypeError('The length must be a multiple of 8 from 131072 to 8388608 bits'),
    )
  })
})

test('a view with something before it ends at its own beginning', () => {
  const bits = new Uint8Array(new ArrayBuffer(16_392), 8)
  expect(() => readBit(bits, -1)).toThrow(RangeError)
})

describe('bits', () => {
  test('index 0 is the most significant bit of byte 0', () => {
    const bits = createBitstring()
    writeBit(bits, 0, true)
    expect(bits[0]).toBe(0x80)
    expect([readBit(bits, 0), readBit(bits, 7)]).toEqual([true, false])
    writeBit(bits, 7, true)
    writeBit(bits, 8, true)
    expect([bits[0], bits[1]]).toEqual([0x81, 0x80])
    writeBit(bits, 0, false)
    writeBit(bits, 0, false)
    expect(bits[0]).toBe(0x01)
    writeBit(bits, 131_071, true)
    expect(bits.at(-1)).toBe(0x01)
  })

  test.each([-1, 131_072, 1.5, Number.NaN, 2 ** 53])('there is no index %s', (index) => {
    const bits = createBitstring()
    const outside = new RangeError('The index is outside the list')
    expect(() => readBit(bits, index)).toThrow(outside)
    expect(() => writeBit(bits, index, true)).toThrow(outside)
  })
})

describe('the spelling of a list', () => {
  test('is undone', () => {
    const bits = createBitstring()
    for (const index of [0, 1, 4096, 131_071]) writeBit(bits, index, true)
    expect(encodeBitstring(bits)).toMatch(/^uH4sI/)
    expect(decodeBitstring(encodeBitstring(bits))).toEqual(bits)
  })

  test.each<[string, string, string]>([
    ['another multibase', 'z', 'status_invalid'],
    ['no multibase', '', 'status_invalid'],
  ])('refuses %s', (_, prefix, code) => {
    const text = encodeBitstring(createBitstring())
    expect(codeOf(() => decodeBitstring(prefix + text.slice(1)))).toBe(code)
  })

  test('refuses lists that are too short or too long', () => {
    const spell = (bytes: number): string => `u${encodeBase64url(compressGzip(new Uint8Array(bytes)))}`
    expect(codeOf(() => decodeBitstring(spell(128)))).toBe('status_invalid')
    expect(codeOf(() => decodeBitstring(spell(16_383)))).toBe('status_invalid')
    expect(codeOf(() => decodeBitstring(spell(16_384)))).toBe('ok')
    expect(codeOf(() => decodeBitstring(spell(1_048_576)))).toBe('ok')
    expect(codeOf(() => decodeBitstring(spell(1_048_577)))).toBe('status_invalid')
  })

  test('refuses what is not one gzip member in one spelling', () => {
    const text = encodeBitstring(createBitstring())
    const gzip = compressGzip(createBitstring())
    const twice = Buffer.concat([gzip, gzip]).toString('base64url')
    expect(codeOf(() => decodeBitstring(`u${twice}`))).toBe('status_invalid')
    expect(
      codeOf(() => decodeBitstring(`u${Buffer.concat([gzip, Buffer.of(1)]).toString('base64url')}`)),
    ).toBe('status_invalid')
    expect(() => decodeBitstring(`${text}=`)).toThrow(expect.objectContaining({ code: 'encoding_malformed' }))
  })
})
