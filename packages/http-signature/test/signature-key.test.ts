import { CoreError, encodeBase64url } from '@behalf/core'
import {
  type FieldLines,
  parseSignatureKey,
  type SignatureKey,
  serializeSignatureKey,
} from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf, expectMistake, refusalOf, signer } from './fixtures.ts'

const x = encodeBase64url(signer.publicKey)
const HWK = `sig=hwk;kty="OKP";crv="Ed25519";alg="Ed25519";x="${x}"`

function fieldsOf(value: string): FieldLines {
  return [['Signature-Key', value]]
}

function parse(value: string): string {
  return codeOf(() => parseSignatureKey(fieldsOf(value), 'sig'))
}

describe('the three schemes', () => {
  test.each<[SignatureKey, string]>([
    [{ scheme: 'jwt', jwt: 'a.b.c', cache: false }, 'sig=jwt;jwt="a.b.c"'],
    [{ scheme: 'jwt', jwt: 'a.b.c', cache: true }, 'sig=jwt;jwt="a.b.c";cache'],
    [{ scheme: 'cached', cid: 'AAEC' }, 'sig=cached;cid="AAEC"'],
    [{ scheme: 'hwk', publicKey: signer.publicKey }, HWK],
  ])('%j is spelled one way and read back', (key, text) => {
    expect(serializeSignatureKey('sig', key)).toBe(text)
    const parsed = parseSignatureKey(fieldsOf(text), 'sig')
    expect(parsed).toEqual(key)
  })

  test('a flag may say that it is off, and parameters we do not know are left alone', () => {
    expect(parseSignatureKey(fieldsOf('sig=jwt;jwt="a";cache=?0;new=1'), 'sig')).toEqual({
      scheme: 'jwt',
      jwt: 'a',
      cache: false,
    })
    expect(parse('sig=cached;cid="a";new')).toBe('ok')
  })

  test.each([
    'sig=jwt',
    'sig=jwt;jwt',
    'sig=jwt;jwt=a',
    'sig=jwt;jwt=""',
    'sig=jwt;jwt=:AAAA:',
    'sig=jwt;jwt="a";cache=1',
    'sig=cached',
    'sig=cached;cid=""',
    'sig=cached;cid=1',
  ])('%s lacks what its scheme needs', (value) => {
    expect(parse(value)).toBe('credential_malformed')
  })

  test.each([
    'jwks_uri;id="https://a";dwk="b";kid="c"',
    'x509',
    'jkt-jwt;jwt="a"',
    'JWT;jwt="a"',
    'self-jwt;jwt="a"',
  ])('%s is a scheme we do not support, and the answer can say so', (member) => {
    const refusal = refusalOf(() => parseSignatureKey(fieldsOf(`sig=${member}`), 'sig'))
    expect([refusal?.code, refusal?.signatureError]).toEqual(['credential_missing', 'unsupported_scheme'])
  })
})

describe('the field', () => {
  test('must be there', () => {
    const refusal = refusalOf(() => parseSignatureKey([], 'sig'))
    expect([refusal?.code, refusal?.signatureError]).toEqual(['credential_missing', undefined])
  })

  test('is there once, with one member that has no key twice', () => {
    const twice: FieldLines = [...fieldsOf(HWK), ['signature-key', HWK]]
    expect(codeOf(() => parseSignatureKey(twice, 'sig'))).toBe('header_ambiguous')
    expect(parse(`${HWK}, other=hwk`)).toBe('header_ambiguous')
    expect(parse('sig=jwt;jwt="a", sig=jwt;jwt="b"')).toBe('header_ambiguous')
    expect(parse('sig=jwt;jwt="a";jwt="b"')).toBe('header_ambiguous')
  })

  test('names the signature it belongs to', () => {
    expect(codeOf(() => parseSignatureKey(fieldsOf(HWK), 'sig1'))).toBe('signature_malformed')
  })

  test.each([
    '',
    'sig',
    'sig="jwt"',
    'sig=(jwt)',
    'sig=1',
    'sig=jwt;jwt="a',
    'SIG=jwt;jwt="a"',
    'sig=jwt;jwt="é"',
  ])('%j is malformed', (value) => {
    expect(parse(value)).toBe('credential_malformed')
  })

  test('is not written when it could not be read', () => {
    expectMistake(() => serializeSignatureKey('SIG', { scheme: 'cached', cid: 'a' }))
    expectMistake(() => serializeSignatureKey('sig', { scheme: 'cached', cid: 'é' }))
    expect(() => serializeSignatureKey('sig', { scheme: 'hwk', publicKey: new Uint8Array(32) })).toThrow(
      CoreError,
    )
  })
})

describe('an inline key', () => {
  const identity = encodeBase64url(Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 1 : 0)))
  const changes: [string, string][] = [
    ['another type', HWK.replace('OKP', 'EC')],
    ['another curve', HWK.replace('crv="Ed25519"', 'crv="X25519"')],
    ['another algorithm', HWK.replace('alg="Ed25519"', 'alg="ES256"')],
    ['an algorithm that is not fully specified', HWK.replace('alg="Ed25519"', 'alg="EdDSA"')],
    ['no algorithm', HWK.replace(';alg="Ed25519"', '')],
    ['no type', HWK.replace(';kty="OKP"', '')],
    ['no curve', HWK.replace(';crv="Ed25519"', '')],
    ['no key', HWK.replace(/;x=.*/, '')],
    ['a token for a string', HWK.replace('"OKP"', 'OKP')],
    ['a name of its key', `${HWK};kid="a"`],
    ['its private half', `${HWK};d="${x}"`],
    ['a small order', HWK.replace(x, identity)],
    ['one byte too few', HWK.replace(x, encodeBase64url(signer.publicKey.slice(1)))],
    ['padding', HWK.replace(x, `${x}=`)],
    ['no encoding', HWK.replace(x, '!')],
  ]

  test('that is refused below keeps that refusal as its cause', () => {
    const [, smallOrder] = changes.find(([name]) => name === 'a small order') ?? []
    const refusal = refusalOf(() => parseSignatureKey(fieldsOf(smallOrder ?? ''), 'sig'))
    expect(refusal?.cause).toBeInstanceOf(CoreError)
    const noAlgorithm = refusalOf(() => parseSignatureKey(fieldsOf('sig=hwk'), 'sig'))
    expect('cause' in (noAlgorithm ?? {})).toBe(false)
  })

  test.each(changes)('with %s is refused', (_, value) => {
    expect(value).not.toBe(HWK)
    expect(parse(value)).toBe('key_invalid')
  })
})
