/*
 * Byte-wise tests of 32-byte windows, little-endian as RFC 8032 section 5.1 encodes: no big integers, so that they
 * cost next to nothing beside a verification.
 */

const POINT_LENGTH = 32
const LAST = POINT_LENGTH - 1

// The y coordinates of the eight points whose order divides 8. Each stands for both signs of x; for y = 1 and y = -1,
// where x is zero, the sign bit is a second, non-canonical spelling of the same point.
const SMALL_ORDER_Y: readonly (readonly number[])[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
].map(bytesOfHex)

// 2^252 + 27742317777372353535851937790883648493, the order of the base point.
const GROUP_ORDER: readonly number[] = bytesOfHex(
  'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
)

/**
 * Whether the 32 bytes at `offset` are a canonical encoding (y below p, no negative zero) of something other than the
 * eight small-order points. Says nothing about whether that is a point of the curve.
 * @see RFC 8032 section 5.1.3
 */
export function isCanonicalLargeOrder(bytes: Uint8Array, offset: number): boolean {
  return isBelowFieldPrime(bytes, offset) && !SMALL_ORDER_Y.some((y) => hasY(bytes, offset, y))
}

/**
 * Whether the 32 bytes at `offset` are a scalar below the group order.
 * @see RFC 8032 section 5.1.7 step 1
 */
export function isCanonicalScalar(bytes: Uint8Array, offset: number): boolean {
  for (let index = LAST; index >= 0; index -= 1) {
    const difference = (bytes[offset + index] ?? 0) - (GROUP_ORDER[index] ?? 0)
    if (difference < 0) return true
    if (difference > 0) return false
  }
  return false
}

// p is 2^255 - 19: only the values whose upper bytes are all ones and whose first byte is at least 0xed are above.
function isBelowFieldPrime(bytes: Uint8Array, offset: number): boolean {
  if (((bytes[offset + LAST] ?? 0) & 0x7f) !== 0x7f) return true
  for (let index = LAST - 1; index > 0; index -= 1) {
    if (bytes[offset + index] !== 0xff) return true
  }
  return (bytes[offset] ?? 0) < 0xed
}

function hasY(bytes: Uint8Array, offset: number, y: readonly number[]): boolean {
  for (let index = 0; index < LAST; index += 1) {
    if (bytes[offset + index] !== y[index]) return false
  }
  return ((bytes[offset + LAST] ?? 0) & 0x7f) === y[LAST]
}

function bytesOfHex(hex: string): readonly number[] {
  return Array.from({ length: POINT_LENGTH }, (_, index) =>
    Number.parseInt(hex.slice(index * 2, index * 2 + 2), 16),
  )
}
