import { digestSha256, encodeBase64url } from '@behalf/core'
import { expect, test } from 'vitest'
import { isDigest } from '../src/digest.ts'

test('what digestSha256 writes is a digest', () => {
  for (let number = 0; number < 100; number += 1) expect(isDigest(digestSha256(String(number)))).toBe(true)
})

test('any last byte has one spelling', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const accepted = alphabet.split('').filter((last) => isDigest(`sha-256:${'A'.repeat(42)}${last}`))
  const written = Array.from({ length: 256 }, (_, last) => {
    const bytes = new Uint8Array(32)
    bytes[31] = last
    return encodeBase64url(bytes)
  }).map((text) => text.at(-1))
  expect(new Set(accepted)).toEqual(new Set(written))
})

test.each([
  ['another algorithm', `sha-512:${'A'.repeat(43)}`],
  ['another case', `SHA-256:${'A'.repeat(43)}`],
  ['the prefix of RFC 9530', `sha-256=:${'A'.repeat(43)}=:`],
  ['a character less', `sha-256:${'A'.repeat(42)}`],
  ['a character more', `sha-256:${'A'.repeat(44)}`],
  ['padding', `sha-256:${'A'.repeat(43)}=`],
  ['the other alphabet', `sha-256:${'A'.repeat(41)}+A`],
  ['a line end', `sha-256:${'A'.repeat(43)}\n`],
  ['a character before it', `.sha-256:${'A'.repeat(43)}`],
  ['a list of one', [`sha-256:${'A'.repeat(43)}`]],
  ['no text', 7],
  ['nothing', undefined],
])('%s is none', (_, value) => {
  expect(isDigest(value)).toBe(false)
})
