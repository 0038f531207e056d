import { describe, expect, test } from 'vitest'
import { createP256Key, encodeBase64url, isP256PublicKey } from '../src/index.ts'

describe('a P-256 key out of a seed', () => {
  test('signs what its public key verifies', async () => {
    const { privateKey: d, publicKey } = await createP256Key(new Uint8Array(32).fill(1))
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const [x, y] = [encodeBase64url(publicKey.slice(1, 33)), encodeBase64url(publicKey.slice(33))]
    const jwk = { kty: 'EC', crv: 'P-256', x, y, d }
    const privateKey = await crypto.subtle.importKey('jwk', jwk, algorithm, false, ['sign'])
    const verifier = await crypto.subtle.importKey('raw', publicKey.slice(), algorithm, false, ['verify'])
    const message = new TextEncoder().encode('hello')
    const signature = await crypto.subtle.sign(algorithm, privateKey, message)
    expect(await crypto.subtle.verify(algorithm, verifier, signature, message)).toBe(true)
  })

  test('is the same for the same seed, and another for another', async () => {
    const [a, again, b] = await Promise.all(
      [1, 1, 2].map((byte) => createP256Key(new Uint8Array(32).fill(byte))),
    )
    expect(again).toEqual(a)
    expect(b).not.toEqual(a)
  })

  test('is made of 32 bytes', async () => {
    await expect(createP256Key(new Uint8Array(31))).rejects.toThrow(TypeError)
  })
})

describe('a P-256 public key', () => {
  test('is an uncompressed point on the curve', async () => {
    const { publicKey } = await createP256Key(new Uint8Array(32).fill(1))
    expect(await isP256PublicKey(publicKey)).toBe(true)
    const moved = publicKey.slice()
    moved[64] = (moved[64] ?? 0) ^ 1
    const compressed = Uint8Array.of(2 + ((publicKey[64] ?? 0) & 1), ...publicKey.slice(1, 33))
    for (const wrong of [moved, compressed, publicKey.slice(1), new Uint8Array(65), new Uint8Array()]) {
      expect(await isP256PublicKey(wrong)).toBe(false)
    }
  })
})
