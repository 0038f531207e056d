import { describe, expect, test } from 'vitest'
import { concatBytes } from '../src/bytes.ts'
import { encodeEd25519CoseKey } from '../src/cose-key.ts'
import { isCosePublicKey, verifyCoseSignature } from '../src/verify-cose-signature.ts'
import { smallOrderEncodings } from './support/curve.ts'
import { expectCode } from './support/expect-code.ts'
import { ALGORITHMS, createPasskeyKey, createRsaKey } from './support/passkey-keys.ts'

const DATA = new Uint8Array([1, 2, 3])

/** The bytes with one of them changed. */
function flip(bytes: Uint8Array, index: number): Uint8Array {
  const copy = bytes.slice()
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}

function share(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length))
  shared.set(bytes)
  return shared
}

describe.each(ALGORITHMS)('%s', (algorithm) => {
  test('verifies what its key signed, and nothing else', async () => {
    const { publicKey, sign } = await createPasskeyKey(algorithm)
    const signature = await sign(DATA)
    expect(await isCosePublicKey(publicKey)).toBe(true)
    expect(await verifyCoseSignature({ publicKey, signature, data: DATA })).toBe(true)
    expect(await verifyCoseSignature({ publicKey, signature, data: flip(DATA, 0) })).toBe(false)
    const other = flip(signature, signature.length - 1)
    expect(await verifyCoseSignature({ publicKey, signature: other, data: DATA })).toBe(false)
    expect(await verifyCoseSignature({ publicKey, signature: new Uint8Array(), data: DATA })).toBe(false)
  })

  test('verifies what lies in memory that is shared', async () => {
    const { publicKey, sign } = await createPasskeyKey(algorithm)
    const [data, signature] = [share(DATA), share(await sign(DATA))]
    expect(await verifyCoseSignature({ publicKey, signature, data })).toBe(true)
  })

  test('has one spelling of its key', async () => {
    const { publicKey, sign } = await createPasskeyKey(algorithm)
    const signature = await sign(DATA)
    const spellings = [
      concatBytes(publicKey, new Uint8Array(1)),
      publicKey.subarray(0, -1),
      new Uint8Array(),
      // Another number of members, another type, another algorithm.
      ...[0, 2, 4].map((index) => flip(publicKey, index)),
    ]
    for (const spelling of spellings) {
      expect(await verifyCoseSignature({ publicKey: spelling, signature, data: DATA })).toBe(false)
      expect(await isCosePublicKey(spelling)).toBe(false)
    }
  })
})

describe('keys that are refused', () => {
  test('a point that is not on its curve', async () => {
    const { publicKey, sign } = await createPasskeyKey('ES256')
    const off = flip(publicKey, publicKey.length - 1)
    expect(await isCosePublicKey(off)).toBe(false)
    expect(await verifyCoseSignature({ publicKey: off, signature: await sign(DATA), data: DATA })).toBe(false)
  })

  test('an Ed25519 key of small order, under which one signature fits everything', async () => {
    const { publicKey } = await createPasskeyKey('EdDSA')
    for (const point of smallOrderEncodings()) {
      const small = concatBytes(publicKey.subarray(0, -32), point)
      expect(await isCosePublicKey(small)).toBe(false)
      const signature = concatBytes(point, new Uint8Array(32))
      expect(await verifyCoseSignature({ publicKey: small, signature, data: DATA })).toBe(false)
      expectCode('key_invalid', () => encodeEd25519CoseKey(point))
    }
  })

  test('RSA with 1024 bits', async () => {
    const { publicKey, sign } = await createRsaKey(1024)
    expect(await verifyCoseSignature({ publicKey, signature: await sign(DATA), data: DATA })).toBe(false)
  })

  test('RSA with the exponent 3', async () => {
    const { publicKey, sign } = await createRsaKey(2048, new Uint8Array([3]))
    expect(await verifyCoseSignature({ publicKey, signature: await sign(DATA), data: DATA })).toBe(false)
  })

  test('RSA with more than 4096 bits', async () => {
    const { publicKey } = await createRsaKey(2048)
    const [head, tail] = [publicKey.slice(0, 11), publicKey.subarray(-5)]
    head.set([2, 1], 9)
    const modulus = new Uint8Array(513).fill(0xff)
    expect(await isCosePublicKey(concatBytes(head, modulus, tail))).toBe(false)
    head.set([2, 0], 9)
    expect(await isCosePublicKey(concatBytes(head, modulus.subarray(1), tail))).toBe(true)
  })

  test('RSA with a zero before its modulus', async () => {
    const { publicKey } = await createRsaKey(2048)
    const [head, rest] = [publicKey.slice(0, 11), publicKey.subarray(11)]
    head.set([1, 1], 9)
    expect(await isCosePublicKey(concatBytes(head, new Uint8Array(1), rest))).toBe(false)
  })
})
