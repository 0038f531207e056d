import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64, decodeBase64url, encodeBase64, encodeBase64url } from '../src/base64.ts'
import { backend as nobleBackend } from '../src/noble-backend.ts'
import { backend as nodeBackend } from '../src/node-backend.ts'
import { expectCode } from './support/expect-code.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'.split('')

test('the test vectors of RFC 4648 section 10', () => {
  const encode = (text: string): string => encodeBase64(new TextEncoder().encode(text))
  expect(['', 'f', 'fo', 'foo', 'foob', 'fooba', 'foobar'].map(encode)).toEqual([
    '',
    'Zg==',
    'Zm8=',
    'Zm9v',
    'Zm9vYg==',
    'Zm9vYmE=',
    'Zm9vYmFy',
  ])
})

test('the alphabets differ in two characters and the padding', () => {
  const bytes = Uint8Array.of(0xfb, 0xff, 0xbf, 0xff)
  expect(encodeBase64(bytes)).toBe('+/+//w==')
  expect(encodeBase64url(bytes)).toBe('-_-__w')
  expect(decodeBase64('+/+//w==')).toEqual(bytes)
  expect(decodeBase64url('-_-__w')).toEqual(bytes)
})

test('all bytes survive, in an array of their own', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
      const decoded = decodeBase64url(encodeBase64url(bytes))
      expect(decoded).toEqual(bytes)
      expect(decoded.buffer.byteLength).toBe(bytes.length)
      expect(Buffer.isBuffer(decoded)).toBe(false)
    }),
  )
})

test('a window of a larger buffer is encoded alone', () => {
  const window = new Uint8Array(Uint8Array.of(9, 1, 2, 3, 9).buffer, 1, 3)
  expect(encodeBase64url(window)).toBe('AQID')
})

describe('a second spelling is refused', () => {
  test.each(['Zg==', 'Zg=', 'Z', 'Zg\n', ' Zg', 'Zm 8', '+_8', '/w', 'Zm9v.', 'Zm9v=', 'Zé', 'Zm9v\0'])(
    'base64url %j',
    (text) => {
      expectCode('encoding_malformed', () => decodeBase64url(text))
    },
  )

  test.each([
    'Zg',
    'Zg=',
    'Zg===',
    'Zg==\n',
    ' Zg==',
    '-_8=',
    'Zm9v=',
    'Zg==Zg==',
    'Zh==',
    'Zm9=',
    '====',
    '=',
  ])('base64 %j', (text) => {
    expectCode('encoding_malformed', () => decodeBase64(text))
  })

  test('of the spellings of the last character one is right, for signatures and digests too', () => {
    for (const length of [1, 2, 32, 64]) {
      const stem = encodeBase64url(new Uint8Array(length)).slice(0, -1)
      const accepted = ALPHABET.filter((last) => isAccepted(stem + last))
      expect(accepted.length).toBe(length % 3 === 1 ? 4 : 16)
    }
  })
})

test('both backends spell and decode alike', () => {
  const texts = fc.oneof(
    fc.base64String(),
    fc.string(),
    fc.string({ unit: fc.constantFrom(...ALPHABET, '+', '/', '=', '\n', ' ') }),
  )
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      texts,
      fc.constantFrom('base64', 'base64url'),
      (bytes, text, name) => {
        expect(nobleBackend.encodeBase64(bytes, name)).toBe(nodeBackend.encodeBase64(bytes, name))
        const strictly = [nobleBackend, nodeBackend].map((backend) => {
          expect(backend.decodeBase64(backend.encodeBase64(bytes, name))).toEqual(bytes)
          const decoded = backend.decodeBase64(text)
          return backend.encodeBase64(decoded, name) === text ? decoded : 'refused'
        })
        expect(strictly[0]).toEqual(strictly[1])
      },
    ),
  )
})

test('the portable backend encodes more bytes than a call may have arguments', () => {
  const bytes = new Uint8Array(300_000).fill(7)
  const text = nobleBackend.encodeBase64(bytes, 'base64')
  expect(text).toBe(nodeBackend.encodeBase64(bytes, 'base64'))
  expect(nobleBackend.decodeBase64(text)).toEqual(bytes)
})

function isAccepted(text: string): boolean {
  try {
    decodeBase64url(text)
    return true
  } catch {
    return false
  }
}
