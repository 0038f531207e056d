import { createHash } from 'node:crypto'
import { encodeUtf8 } from '@behalf/core'
import { createContentDigest, type FieldLines, verifyContentDigest } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf } from './fixtures.ts'

const body = encodeUtf8('{"hello": "world"}')
const SHA_256 = 'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:'
const SHA_512 =
  'sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:'
const MD5 = `md5=:${createHash('md5').update(body).digest('base64')}:`
const SHA_1 = `sha=:${createHash('sha1').update(body).digest('base64')}:`
const WRONG_SHA_256 = `sha-256=:${createHash('sha256').update('x').digest('base64')}:`
const WRONG_SHA_512 = `sha-512=:${createHash('sha512').update('x').digest('base64')}:`
const WRONG_MD5 = `md5=:${createHash('md5').update('x').digest('base64')}:`
const WRONG_SHA_1 = `sha=:${createHash('sha1').update('x').digest('base64')}:`

function verify(value: string, bytes: Uint8Array = body): string {
  return codeOf(() => verifyContentDigest([['Content-Digest', value]], bytes))
}

describe('createContentDigest', () => {
  test('is the SHA-256 of the body, also of none', () => {
    expect(createContentDigest(body)).toBe(SHA_256)
    expect(createContentDigest(new Uint8Array())).toBe(
      'sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:',
    )
    expect(verify(createContentDigest(body))).toBe('ok')
  })
})

describe('verifyContentDigest', () => {
  test.each([
    SHA_256,
    SHA_512,
    `${SHA_256}, ${SHA_512}`,
    `${MD5}, ${SHA_256}, ${SHA_1}`,
    `${SHA_256}, crc32c=:AAAAAA==:, future=(1 2)`,
    `${SHA_256};note="x"`,
  ])('accepts %s', (value) => {
    expect(verify(value)).toBe('ok')
    expect(verify(value, encodeUtf8('{"hello": "World"}'))).toBe('digest_mismatch')
  })

  test.each([
    [WRONG_SHA_256],
    [WRONG_SHA_512],
    [`${SHA_256}, ${WRONG_SHA_512}`],
    [`${WRONG_SHA_256}, ${SHA_512}`],
    [`${SHA_256}, ${WRONG_MD5}`],
    [`${SHA_512}, ${WRONG_SHA_1}`],
    ['sha-256=:X48E9qOokqqrvdts8nOJRA==:'],
    ['sha-256=::'],
  ])('finds the mismatch in %s', (value) => {
    expect(verify(value)).toBe('digest_mismatch')
  })

  test.each([
    '',
    'md5=:AAAA:',
    MD5,
    SHA_1,
    'future=:AAAA:',
    'SHA-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:',
    'sha-256',
    'sha-256="X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="',
    'sha-256=(:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:)',
    `${SHA_256}, md5=1`,
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE:',
    'sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPF=:',
    'sha-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=',
    `${SHA_256},`,
  ])('does not understand %j', (value) => {
    expect(verify(value)).toBe('digest_unsupported')
  })

  test('refuses a key that occurs twice, whatever the values', () => {
    expect(verify(`${SHA_256}, ${WRONG_SHA_256}`)).toBe('header_ambiguous')
    expect(verify(`${WRONG_SHA_256}, ${SHA_256}`)).toBe('header_ambiguous')
    expect(verify(`${SHA_256}, ${SHA_256}`)).toBe('header_ambiguous')
    expect(verify(`${SHA_256};a;a`)).toBe('header_ambiguous')
  })

  test('refuses a field on two lines, whatever the values and the case of its name', () => {
    const fields: FieldLines = [
      ['Content-Digest', SHA_256],
      ['content-digest', SHA_512],
    ]
    expect(codeOf(() => verifyContentDigest(fields, body))).toBe('header_ambiguous')
  })

  test('demands the field for a body, and holds an empty body against it when it is there', () => {
    expect(codeOf(() => verifyContentDigest([], body))).toBe('digest_missing')
    expect(codeOf(() => verifyContentDigest([['Content-MD5', 'x']], body))).toBe('digest_missing')
    expect(codeOf(() => verifyContentDigest([['Content-Digesz', SHA_256]], body))).toBe('digest_missing')
    expect(codeOf(() => verifyContentDigest([], new Uint8Array()))).toBe('ok')
    expect(verify(SHA_256, new Uint8Array())).toBe('digest_mismatch')
  })

  test('finds the field in any case', () => {
    expect(codeOf(() => verifyContentDigest([['CONTENT-DIGEST', ` ${SHA_256}\t`]], body))).toBe('ok')
  })
})
