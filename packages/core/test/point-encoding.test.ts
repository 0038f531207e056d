import { Point } from '@noble/ed25519'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes } from '../src/bytes.ts'
import { isCanonicalLargeOrder, isCanonicalScalar } from '../src/point-encoding.ts'
import {
  fromLittleEndian,
  L,
  P,
  smallOrderEncodings,
  smallOrderPoints,
  toLittleEndian,
} from './support/curve.ts'

const SIGN = 2n ** 255n
const values = fc.oneof(
  fc.bigInt(0n, 2n ** 256n - 1n),
  fc
    .bigInt(-40n, 40n)
    .chain((near) =>
      fc.constantFrom(0n, P, SIGN, SIGN + P, L, 2n * L, 2n ** 252n).map((center) => center + near),
    ),
)

test('there are eight small-order points, in fourteen spellings', () => {
  expect(new Set(smallOrderPoints().map((point) => point.toHex())).size).toBe(8)
  expect(smallOrderEncodings()).toHaveLength(14)
})

describe('isCanonicalLargeOrder', () => {
  test('refuses every spelling of every small-order point', () => {
    for (const encoding of smallOrderEncodings()) expect(isCanonicalLargeOrder(encoding, 0)).toBe(false)
  })

  test('refuses every y from p to 2^255-1, with both signs', () => {
    for (let y = P; y < SIGN; y += 1n) {
      expect(isCanonicalLargeOrder(toLittleEndian(y), 0)).toBe(false)
      expect(isCanonicalLargeOrder(toLittleEndian(y + SIGN), 0)).toBe(false)
    }
  })

  test('agrees with big integers on every value', () => {
    const smallOrderY = new Set(smallOrderPoints().map((point) => point.y))
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(value >= 0n && value < 2n ** 256n)
        const y = value % SIGN
        expect(isCanonicalLargeOrder(toLittleEndian(value), 0)).toBe(y < P && !smallOrderY.has(y))
      }),
      { numRuns: 2_000 },
    )
  })

  test('one changed bit of a small-order point is another point', () => {
    const refused = new Set(smallOrderEncodings().map(fromLittleEndian))
    for (const point of smallOrderPoints()) {
      for (let bit = 0; bit < 255; bit += 1) {
        const changed = fromLittleEndian(point.toBytes()) ^ (1n << BigInt(bit))
        if (refused.has(changed) || changed % SIGN >= P) continue
        expect(isCanonicalLargeOrder(toLittleEndian(changed), 0)).toBe(true)
      }
    }
  })

  test('reads at the offset it is given', () => {
    const good = Point.BASE.toBytes()
    const bad = toLittleEndian(1n)
    expect(isCanonicalLargeOrder(concatBytes(bad, good), 32)).toBe(true)
    expect(isCanonicalLargeOrder(concatBytes(good, bad), 32)).toBe(false)
  })
})

describe('isCanonicalScalar', () => {
  test('accepts what is below the group order and nothing else', () => {
    for (const value of [0n, 1n, L - 1n]) expect(isCanonicalScalar(toLittleEndian(value), 0)).toBe(true)
    for (const value of [L, L + 1n, 2n * L, 2n ** 256n - 1n])
      expect(isCanonicalScalar(toLittleEndian(value), 0)).toBe(false)
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(value >= 0n && value < 2n ** 256n)
        expect(isCanonicalScalar(concatBytes(new Uint8Array(32), toLittleEndian(value)), 32)).toBe(value < L)
      }),
      { numRuns: 2_000 },
    )
  })
})
