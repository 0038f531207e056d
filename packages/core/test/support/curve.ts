import { Point } from '@noble/ed25519'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes } from '../../src/bytes.ts'

/** The order of the base point. */
export const L: bigint = Point.CURVE().n
/** The prime of the field. */
export const P: bigint = Point.CURVE().p
/** A point of order 8. */
export const T8: Point = Point.fromHex('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05')

/** The eight points of small order, the neutral one first. */
export function smallOrderPoints(): Point[] {
  return Array.from({ length: 8 }, (_, factor) => T8.multiplyUnsafe(BigInt(factor)))
}

/** Every 32-byte string that a lenient decoder maps to a point of small order: 8 canonical and 6 other spellings. */
export function smallOrderEncodings(): Uint8Array[] {
  const encodings = new Map<string, Uint8Array>()
  for (const { y } of smallOrderPoints()) {
    for (const spelling of [y, y + P]) {
      if (spelling >= 2n ** 255n) continue
      for (const sign of [0n, 1n]) {
        const encoding = toLittleEndian(spelling + (sign << 255n))
        encodings.set(encoding.join(), encoding)
      }
    }
  }
  return [...encodings.values()]
}

/** 32 bytes, least significant first. */
export function toLittleEndian(value: bigint): Uint8Array {
  return Uint8Array.from({ length: 32 }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn))
}

export function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n)
}

/** The secret scalar of a seed, RFC 8032 section 5.1.5. */
export function secretScalar(seed: Uint8Array): bigint {
  const low = fromLittleEndian(sha512(seed).subarray(0, 32))
  return (((low >> 3n) << 3n) & (2n ** 254n - 1n)) | (2n ** 254n)
}

/** The scalar h = SHA-512(R || A || M) mod L. */
export function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  return fromLittleEndian(sha512(concatBytes(r, publicKey, message))) % L
}

/** A signature under a key whose secret scalar and nonce are known, with a chosen small-order part in R. */
export function signWith(
  key: { scalar: bigint; publicKey: Uint8Array },
  message: Uint8Array,
  nonce: { scalar: bigint; torsion?: Point },
): { signature: Uint8Array; h: bigint } {
  const large = Point.BASE.multiplyUnsafe(nonce.scalar % L)
  const r = (nonce.torsion === undefined ? large : large.add(nonce.torsion)).toBytes()
  const h = challenge(r, key.publicKey, message)
  const s = (nonce.scalar + h * key.scalar) % L
  return { signature: concatBytes(r, toLittleEndian(s)), h }
}
