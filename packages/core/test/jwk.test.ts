import { describe, expect, test } from 'vitest'
import { encodeBase64url } from '../src/base64.ts'
import { decodeHex } from '../src/hex.ts'
import { encodeEd25519Jwk, jwkThumbprint, parseEd25519Jwk } from '../src/jwk.ts'
import { parseJson } from '../src/parse-json.ts'
import { smallOrderEncodings, toLittleEndian } from './support/curve.ts'
import { expectCode } from './support/expect-code.ts'

// RFC 8037 appendix A.
const PUBLIC_KEY = decodeHex('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
const X = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo'
const JWK = { kty: 'OKP', crv: 'Ed25519', x: X }

describe('encodeEd25519Jwk', () => {
  test('names the algorithm in full', () => {
    expect(encodeEd25519Jwk(PUBLIC_KEY)).toEqual({ kty: 'OKP', crv: 'Ed25519', alg: 'Ed25519', x: X })
  })

  test.each([toLittleEndian(1n), toLittleEndian(2n), new Uint8Array(31)])(
    'refuses what is not a key',
    (bytes) => {
      expectCode('key_invalid', () => encodeEd25519Jwk(bytes))
    },
  )
})

describe('parseEd25519Jwk', () => {
  test('returns the key, with or without alg, whatever else is there', () => {
    expect(parseEd25519Jwk(JWK)).toEqual(PUBLIC_KEY)
    expect(parseEd25519Jwk({ ...JWK, alg: 'Ed25519', kid: '1', use: 'sig' })).toEqual(PUBLIC_KEY)
    expect(parseEd25519Jwk(parseJson(JSON.stringify(encodeEd25519Jwk(PUBLIC_KEY))))).toEqual(PUBLIC_KEY)
  })

  test.each([
    ['null', null],
    ['text', X],
    ['an array', [JWK]],
    ['nothing', {}],
    ['another type', { ...JWK, kty: 'EC' }],
    ['a type in lower case', { ...JWK, kty: 'okp' }],
    ['another curve', { ...JWK, crv: 'X25519' }],
    ['a missing curve', { kty: 'OKP', x: X }],
    ['a private key', { ...JWK, d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A' }],
    ['an undefined private part', { ...JWK, d: undefined }],
    ['alg EdDSA', { ...JWK, alg: 'EdDSA' }],
    ['alg ES256', { ...JWK, alg: 'ES256' }],
    ['alg in lower case', { ...JWK, alg: 'ed25519' }],
    ['alg null', { ...JWK, alg: null }],
    ['no x', { kty: 'OKP', crv: 'Ed25519' }],
    ['x of another type', { ...JWK, x: 7 }],
    ['padded x', { ...JWK, x: `${X}=` }],
    ['x with unused bits set', { ...JWK, x: `${X.slice(0, -1)}p` }],
    ['x of 31 bytes', { ...JWK, x: encodeBase64url(PUBLIC_KEY.subarray(1)) }],
    ['x of 33 bytes', { ...JWK, x: encodeBase64url(new Uint8Array(33).fill(3)) }],
    ['x off the curve', { ...JWK, x: encodeBase64url(toLittleEndian(2n)) }],
    ['members only in the prototype', Object.create(JWK)],
  ])('refuses %s', (_, value) => {
    expectCode('key_invalid', () => parseEd25519Jwk(value))
  })

  test('tells a key without its public part from one that is misspelled, whose cause it keeps', () => {
    const absent = expectCode('key_invalid', () => parseEd25519Jwk({ ...JWK, x: 7 }))
    const misspelled = expectCode('key_invalid', () => parseEd25519Jwk({ ...JWK, x: `${X}=` }))
    expect(absent.message).not.toBe(misspelled.message)
    expect(misspelled.cause).toMatchObject({ code: 'encoding_malformed' })
  })

  test('refuses every small-order point in every spelling', () => {
    for (const encoding of smallOrderEncodings()) {
      expectCode('key_invalid', () => parseEd25519Jwk({ ...JWK, x: encodeBase64url(encoding) }))
    }
  })

  test('the error does not repeat a private key', () => {
    const error = expectCode('key_invalid', () => parseEd25519Jwk({ ...JWK, d: 'nWGxne' }))
    expect(error.message).not.toContain('nWGxne')
  })
})

describe('jwkThumbprint', () => {
  const EC = { kty: 'EC', crv: 'P-256', x: 'AQ', y: 'Ag' }
  const RSA = { kty: 'RSA', n: 'AQAB', e: 'AQAB' }

  test('is the example of RFC 8037 appendix A.3', () => {
    expect(jwkThumbprint(JWK)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  test('counts only the required members, in any order', () => {
    expect(jwkThumbprint({ x: X, alg: 'Ed25519', kid: 'k', d: 'AQ', crv: 'Ed25519', kty: 'OKP' })).toBe(
      jwkThumbprint(JWK),
    )
    expect(jwkThumbprint({ ...EC, use: 'sig' })).toBe(jwkThumbprint(EC))
    expect(jwkThumbprint({ ...RSA, alg: 'RS256' })).toBe(jwkThumbprint(RSA))
  })

  test('differs with every required member', () => {
    const prints = [
      EC,
      { ...EC, y: 'Aw' },
      { ...EC, x: 'Aw' },
      { ...EC, crv: 'P-384' },
      RSA,
      { ...RSA, n: 'AQ' },
      { ...RSA, e: 'AQ' },
      JWK,
    ]
    expect(new Set(prints.map((jwk) => jwkThumbprint(jwk))).size).toBe(prints.length)
  })

  test.each([
    ['a symmetric key', { kty: 'oct', k: 'AQ' }],
    ['an unknown type', { kty: 'XYZ' }],
    ['no type', { crv: 'Ed25519', x: X }],
    ['a missing member', { kty: 'EC', crv: 'P-256', x: 'AQ' }],
    ['an empty member', { ...RSA, e: '' }],
    ['a member that is not text', { ...RSA, e: 65537 }],
    ['a padded member', { ...RSA, e: 'AQ==' }],
    ['a member with unused bits set', { ...RSA, e: 'AR' }],
    ['a curve that is not text', { ...EC, crv: 256 }],
    ['a missing curve', { kty: 'EC', x: 'AQ', y: 'Ag' }],
    ['an empty curve', { ...EC, crv: '' }],
  ])('refuses %s', (_, jwk) => {
    expectCode('key_invalid', () => jwkThumbprint(jwk))
  })
})
