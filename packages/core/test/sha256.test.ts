import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeBase64, encodeBase64url } from '../src/base64.ts'
import { encodeHex } from '../src/hex.ts'
import { backend as nobleBackend } from '../src/noble-backend.ts'
import { digestSha256, sha256, sha256Base64, sha256Base64url } from '../src/sha256.ts'
import { encodeUtf8 } from '../src/utf8.ts'
import { expectCode } from './support/expect-code.ts'

test('the examples of FIPS 180-4', () => {
  expect(encodeHex(sha256(encodeUtf8('abc')))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  )
  expect(encodeHex(sha256(new Uint8Array()))).toBe(
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  )
})

test('both backends agree', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(nobleBackend.hash('sha256', bytes)).toEqual(sha256(bytes))
      expect(nobleBackend.hashToBase64('sha256', bytes, 'base64url')).toBe(sha256Base64url(bytes))
      expect(nobleBackend.hashToBase64('sha256', bytes, 'base64')).toBe(sha256Base64(bytes))
      expect(sha256Base64(bytes)).toBe(encodeBase64(sha256(bytes)))
      expect(sha256Base64url(bytes)).toBe(encodeBase64url(sha256(bytes)))
    }),
  )
})

test('a digest names its algorithm and takes text as UTF-8', () => {
  expect(digestSha256('')).toBe('sha-256:47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU')
  expect(digestSha256('é')).toBe(digestSha256(Uint8Array.of(0xc3, 0xa9)))
  expectCode('encoding_malformed', () => digestSha256('\ud800'))
})
