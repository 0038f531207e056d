import { describe, expect, test } from 'vitest'
import { hashContent, isContentHashAlgorithm } from '../src/content-hash.ts'
import { encodeHex } from '../src/hex.ts'
import { backend as nobleBackend } from '../src/noble-backend.ts'
import { backend as nodeBackend } from '../src/node-backend.ts'
import { encodeUtf8 } from '../src/utf8.ts'

// FIPS 180-4 and RFC 1321 appendix A.5, of "abc".
const DIGESTS = [
  ['sha-256', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'sha-512',
    'ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f',
  ],
  ['sha', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
  ['md5', '900150983cd24fb0d6963f7d28e17f72'],
] as const

describe('hashContent', () => {
  test.each(DIGESTS)('%s of abc', (algorithm, digest) => {
    expect(encodeHex(hashContent(algorithm, encodeUtf8('abc')))).toBe(digest)
  })

  test.each(['sha256', 'sha512'] as const)('%s is the same in both backends', (algorithm) => {
    for (const length of [0, 1, 63, 64, 65, 1000]) {
      const bytes = new Uint8Array(length).fill(length % 251)
      expect(nobleBackend.hash(algorithm, bytes)).toEqual(nodeBackend.hash(algorithm, bytes))
    }
  })

  test.each(['SHA-256', 'sha256', 'crc32c', '', '__proto__'])('does not know %s', (name) => {
    expect(isContentHashAlgorithm(name)).toBe(false)
    expect(() => Reflect.apply(hashContent, undefined, [name, new Uint8Array()])).toThrow(
      new TypeError('There is no such hash function here'),
    )
  })
})
