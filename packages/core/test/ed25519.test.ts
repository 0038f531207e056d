import { Point } from '@noble/ed25519'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Backend } from '../src/backend.ts'
import { concatBytes } from '../src/bytes.ts'
import { isEd25519PublicKey, verifyEd25519 } from '../src/ed25519.ts'
import { decodeHex } from '../src/hex.ts'
import { backend as nobleBackend } from '../src/noble-backend.ts'
import { backend as nodeBackend } from '../src/node-backend.ts'
import { backend as sodiumBackend } from '../src/sodium-backend.ts'
import { createStrictEd25519 } from '../src/strict-ed25519.ts'
import { encodeUtf8 } from '../src/utf8.ts'
import {
  challenge,
  fromLittleEndian,
  L,
  P,
  secretScalar,
  signWith,
  smallOrderEncodings,
  smallOrderPoints,
  T8,
  toLittleEndian,
} from './support/curve.ts'

// RFC 8032 section 7.1, test 2.
const SEED = decodeHex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb')
const PUBLIC_KEY = decodeHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
const MESSAGE = Uint8Array.of(0x72)
const SIGNATURE = decodeHex(
  '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
)

// Stands for a backend that misses everything: whatever is refused over it is refused by the shared rule.
const credulous: Backend = { ...nodeBackend, satisfiesEquation: () => true }
const shared = createStrictEd25519(credulous)
const node = createStrictEd25519(nodeBackend)
const noble = createStrictEd25519(nobleBackend)
const sodium = createStrictEd25519(sodiumBackend)
const backends = [
  ['node', nodeBackend],
  ['noble', nobleBackend],
  ['sodium', sodiumBackend],
] as const

function verdict(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const verdicts = [node, noble, sodium].map((rule) => rule.verify(publicKey, message, signature))
  expect(new Set(verdicts).size, 'the backends differ').toBe(1)
  return verdicts[0] === true
}

test('the default rule verifies RFC 8032 test 2', () => {
  expect(verifyEd25519(PUBLIC_KEY, MESSAGE, SIGNATURE)).toBe(true)
  expect(verifyEd25519(PUBLIC_KEY, Uint8Array.of(0x73), SIGNATURE)).toBe(false)
  expect(isEd25519PublicKey(PUBLIC_KEY)).toBe(true)
  expect(isEd25519PublicKey(toLittleEndian(1n))).toBe(false)
})

describe.each(backends)('the %s backend', (_, backend) => {
  const rule = createStrictEd25519(backend)

  test('derives and signs as RFC 8032 says', () => {
    const pair = backend.createKeyPair(SEED)
    expect(pair.publicKey).toEqual(PUBLIC_KEY)
    expect(pair.sign(MESSAGE)).toEqual(SIGNATURE)
    expect(rule.verify(PUBLIC_KEY, MESSAGE, SIGNATURE)).toBe(true)
  })

  test('refuses each changed byte of key, message and signature', () => {
    for (let index = 0; index < 64; index += 7) {
      expect(rule.verify(PUBLIC_KEY, MESSAGE, flipBit(SIGNATURE, index))).toBe(false)
      expect(rule.verify(flipBit(PUBLIC_KEY, index % 32), MESSAGE, SIGNATURE)).toBe(false)
    }
    expect(rule.verify(PUBLIC_KEY, Uint8Array.of(0x72, 0), SIGNATURE)).toBe(false)
    expect(rule.verify(PUBLIC_KEY, new Uint8Array(), SIGNATURE)).toBe(false)
  })

  test('a public key that is not on the curve verifies nothing', () => {
    expect(rule.verify(toLittleEndian(2n), MESSAGE, SIGNATURE)).toBe(false)
    expect(backend.satisfiesEquation(toLittleEndian(2n), MESSAGE, SIGNATURE)).toBe(false)
  })

  test('does not remember a verdict, only keys', () => {
    expect(rule.verify(PUBLIC_KEY, MESSAGE, SIGNATURE)).toBe(true)
    expect(rule.verify(PUBLIC_KEY, MESSAGE, flipBit(SIGNATURE, 40))).toBe(false)
    expect(rule.verify(PUBLIC_KEY, MESSAGE, SIGNATURE)).toBe(true)
  })

  test('keeps no reference to what it was given', () => {
    const publicKey = PUBLIC_KEY.slice()
    expect(rule.verify(publicKey, MESSAGE, SIGNATURE)).toBe(true)
    const other = backend.createKeyPair(new Uint8Array(32)).publicKey
    publicKey.set(other)
    expect(rule.verify(publicKey, MESSAGE, SIGNATURE)).toBe(false)
    expect(rule.verify(PUBLIC_KEY, MESSAGE, SIGNATURE)).toBe(true)
  })

  test('more keys than the cache holds still verify', () => {
    const seed = new Uint8Array(32)
    const pairs = Array.from({ length: backend === nodeBackend ? 4200 : 3 }, (_, index) => {
      new DataView(seed.buffer).setUint32(0, index)
      return backend.createKeyPair(seed)
    })
    const [first] = pairs
    if (first === undefined) throw new Error('no key')
    for (const pair of pairs) rule.isPublicKey(pair.publicKey)
    for (const pair of pairs.slice(-3))
      expect(rule.verify(pair.publicKey, MESSAGE, pair.sign(MESSAGE))).toBe(true)
    expect(rule.verify(first.publicKey, MESSAGE, first.sign(MESSAGE))).toBe(true)
  })
})

describe('small-order points', () => {
  test.each(smallOrderEncodings().map((encoding) => [Buffer.from(encoding).toString('hex'), encoding]))(
    '%s is refused as a key and as R, before any curve arithmetic',
    (_, encoding) => {
      if (typeof encoding === 'string') throw new Error('unreachable')
      expect(shared.verify(encoding, MESSAGE, SIGNATURE)).toBe(false)
      expect(shared.verify(PUBLIC_KEY, MESSAGE, concatBytes(encoding, SIGNATURE.subarray(32)))).toBe(false)
      expect(shared.isPublicKey(encoding)).toBe(false)
      expect(node.isPublicKey(encoding)).toBe(false)
      expect(verdict(encoding, MESSAGE, concatBytes(encoding, new Uint8Array(32)))).toBe(false)
    },
  )

  test('the constant signature of the neutral key verifies for no message', () => {
    const neutral = toLittleEndian(1n)
    const constant = concatBytes(neutral, new Uint8Array(32))
    for (let index = 0; index < 8; index += 1)
      expect(verdict(neutral, Uint8Array.of(index), constant)).toBe(false)
    // What the rule keeps out: the equation itself holds.
    expect(nobleBackend.satisfiesEquation(neutral, MESSAGE, constant)).toBe(true)
  })

  test('an honest key cannot sign with a small-order R', () => {
    const scalar = secretScalar(SEED)
    expect(Point.BASE.multiplyUnsafe(scalar % L).toBytes()).toEqual(PUBLIC_KEY)
    const neutral = toLittleEndian(1n)
    const s = (challenge(neutral, PUBLIC_KEY, MESSAGE) * scalar) % L
    const signature = concatBytes(neutral, toLittleEndian(s))
    expect(nobleBackend.satisfiesEquation(PUBLIC_KEY, MESSAGE, signature)).toBe(true)
    expect(verdict(PUBLIC_KEY, MESSAGE, signature)).toBe(false)
  })
})

describe('non-canonical spellings', () => {
  test('S + L is refused before any curve arithmetic', () => {
    const s = fromLittleEndian(SIGNATURE.subarray(32))
    for (let factor = 1n; s + factor * L < 2n ** 256n; factor += 1n) {
      const signature = concatBytes(SIGNATURE.subarray(0, 32), toLittleEndian(s + factor * L))
      expect(shared.verify(PUBLIC_KEY, MESSAGE, signature)).toBe(false)
      expect(verdict(PUBLIC_KEY, MESSAGE, signature)).toBe(false)
    }
  })

  test('y + p is refused as a key and as R', () => {
    for (let y = 2n; y < 19n; y += 1n) {
      for (const sign of [0n, 2n ** 255n]) {
        const encoding = toLittleEndian(y + P + sign)
        expect(shared.verify(encoding, MESSAGE, SIGNATURE)).toBe(false)
        expect(shared.verify(PUBLIC_KEY, MESSAGE, concatBytes(encoding, SIGNATURE.subarray(32)))).toBe(false)
        expect(shared.isPublicKey(encoding)).toBe(false)
      }
    }
  })

  test('S = 0 alone is no reason to refuse', () => {
    expect(
      shared.verify(PUBLIC_KEY, MESSAGE, concatBytes(SIGNATURE.subarray(0, 32), new Uint8Array(32))),
    ).toBe(true)
    expect(verdict(PUBLIC_KEY, MESSAGE, concatBytes(SIGNATURE.subarray(0, 32), new Uint8Array(32)))).toBe(
      false,
    )
  })
})

describe('mixed-order keys and R, where cofactored and cofactorless rules part', () => {
  const scalar = secretScalar(SEED)
  const mixedKey = {
    scalar,
    publicKey: Point.BASE.multiplyUnsafe(scalar % L)
      .add(T8)
      .toBytes(),
  }

  test('a mixed-order key is a key: nobody else can use it', () => {
    expect(node.isPublicKey(mixedKey.publicKey)).toBe(true)
    expect(noble.isPublicKey(mixedKey.publicKey)).toBe(true)
  })

  test('its signature counts exactly when h is a multiple of 8', () => {
    const seen = new Set<boolean>()
    for (let nonce = 1n; nonce <= 24n; nonce += 1n) {
      const { signature, h } = signWith(mixedKey, MESSAGE, { scalar: nonce })
      expect(verdict(mixedKey.publicKey, MESSAGE, signature)).toBe(h % 8n === 0n)
      seen.add(h % 8n === 0n)
    }
    expect(seen.size).toBe(2)
  })

  test('with a mixed-order R, it counts exactly when the small parts cancel', () => {
    const seen = new Set<boolean>()
    for (let nonce = 1n; nonce <= 24n; nonce += 1n) {
      const part = nonce % 8n
      const { signature, h } = signWith(mixedKey, MESSAGE, {
        scalar: nonce,
        torsion: T8.multiplyUnsafe(part),
      })
      const cancels = (h + part) % 8n === 0n
      expect(verdict(mixedKey.publicKey, MESSAGE, signature)).toBe(cancels)
      seen.add(cancels)
    }
    expect(seen.size).toBe(2)
  })

  test('an ordinary key with a mixed-order R never counts', () => {
    for (const torsion of smallOrderPoints().slice(1)) {
      const { signature } = signWith({ scalar, publicKey: PUBLIC_KEY }, MESSAGE, { scalar: 7n, torsion })
      expect(verdict(PUBLIC_KEY, MESSAGE, signature)).toBe(false)
    }
    expect(
      verdict(
        PUBLIC_KEY,
        MESSAGE,
        signWith({ scalar, publicKey: PUBLIC_KEY }, MESSAGE, { scalar: 7n }).signature,
      ),
    ).toBe(true)
  })
})

test('all backends give one verdict on whatever a signature is changed to', () => {
  const change = fc.record({ index: fc.nat(127), bit: fc.nat(7) })
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 80 }),
      fc.option(change),
      (seed, message, edit) => {
        const pair = nodeBackend.createKeyPair(seed)
        expect(nobleBackend.createKeyPair(seed).publicKey).toEqual(pair.publicKey)
        const signature = pair.sign(message)
        const signed = concatBytes(pair.publicKey, signature, new Uint8Array(32))
        const changed = edit === null ? signed : flipBit(signed, edit.index, edit.bit)
        const accepted = verdict(changed.subarray(0, 32), message, changed.subarray(32, 96))
        expect(accepted).toBe(edit === null || edit.index >= 96)
      },
    ),
    { numRuns: 60 },
  )
})

describe('malformed input is false and never thrown', () => {
  test.each([0, 31, 33, 64])('a key of %i bytes', (length) => {
    expect(shared.verify(new Uint8Array(length).fill(9), MESSAGE, SIGNATURE)).toBe(false)
    expect(shared.isPublicKey(new Uint8Array(length).fill(9))).toBe(false)
    expect(isEd25519PublicKey(new Uint8Array(length).fill(9))).toBe(false)
  })

  test.each([0, 63, 65, 128])('a signature of %i bytes', (length) => {
    expect(shared.verify(PUBLIC_KEY, MESSAGE, new Uint8Array(length).fill(9))).toBe(false)
  })

  test.each([undefined, null, 'text', 7, {}, [], { length: 32 }, new ArrayBuffer(32)])(
    '%j for bytes',
    (value) => {
      // @ts-expect-error what a caller without types may pass
      expect(shared.verify(value, MESSAGE, SIGNATURE)).toBe(false)
      // @ts-expect-error what a caller without types may pass
      expect(shared.verify(PUBLIC_KEY, value, SIGNATURE)).toBe(false)
      // @ts-expect-error what a caller without types may pass
      expect(shared.verify(PUBLIC_KEY, MESSAGE, value)).toBe(false)
      // @ts-expect-error what a caller without types may pass
      expect(shared.isPublicKey(value)).toBe(false)
    },
  )
})

test('isEd25519PublicKey needs a point of the curve', () => {
  const onCurve: number[] = []
  for (let y = 2; y < 12; y += 1) if (isEd25519PublicKey(toLittleEndian(BigInt(y)))) onCurve.push(y)
  expect(onCurve).toEqual([3, 4, 5, 6, 9, 10])
  expect(noble.isPublicKey(toLittleEndian(2n))).toBe(false)
  expect(isEd25519PublicKey(encodeUtf8('x'.repeat(32)))).toBe(noble.isPublicKey(encodeUtf8('x'.repeat(32))))
})

function flipBit(bytes: Uint8Array, index: number, bit = 0): Uint8Array {
  const changed = bytes.slice()
  changed[index] = (changed[index] ?? 0) ^ (1 << bit)
  return changed
}
