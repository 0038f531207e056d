import { createHmac } from 'node:crypto'
import { decodeBase64url, encodeBase64url, encodeUtf8, type JsonObject, verifyEd25519 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { parseCompactJws, signCompactJws } from '../src/index.ts'
import { checkKeyOwner, readKeyId } from '../src/jws.ts'
import { issuer, otherIssuer } from './support/actors.ts'
import { signText } from './support/delegations.ts'
import { codeOf, codeOfAsync } from './support/refusal.ts'

const MAX = { maxBytes: 5_000 }
const HEADER = '{"alg":"EdDSA"}'
const text = (value: string): string => encodeBase64url(encodeUtf8(value))
const codeFor = (jws: string): string => codeOf(() => parseCompactJws(jws, MAX))
const valid = await signCompactJws({ header: { kid: 'k' }, payload: { b: 1, a: [2] }, signer: issuer.signer })

describe('signCompactJws', () => {
  test('writes what every JOSE library reads, and the same twice', async () => {
    const { header, payload, signingInput, signature, bytes } = parseCompactJws(valid, MAX)
    expect(header).toEqual({ alg: 'EdDSA', kid: 'k' })
    expect(payload).toEqual({ a: [2], b: 1 })
    expect(verifyEd25519(issuer.publicKey, signingInput, signature)).toBe(true)
    expect(bytes).toEqual(encodeUtf8(valid))
    expect(signingInput).toEqual(encodeUtf8(valid.slice(0, valid.lastIndexOf('.'))))
    expect(
      await signCompactJws({ header: { kid: 'k' }, payload: { a: [2], b: 1 }, signer: issuer.signer }),
    ).toBe(valid)
  })

  test('writes its own algorithm, and canonical JSON', async () => {
    const header = { alg: 'none', typ: 'x' }
    const jws = await signCompactJws({ header, payload: { z: 1, a: '\u20ac' }, signer: issuer.signer })
    expect(jws.split('.', 2)).toEqual([text('{"alg":"EdDSA","typ":"x"}'), text('{"a":"€","z":1}')])
  })

  test('refuses what JSON cannot express', async () => {
    const sign = (payload: JsonObject): Promise<string> =>
      codeOfAsync(() => signCompactJws({ header: {}, payload, signer: issuer.signer }))
    expect(await sign({ a: '\ud800' })).toBe('json_ambiguous')
    expect(await sign({ a: Number.NaN })).toBe('json_ambiguous')
  })
})

describe('parseCompactJws', () => {
  test('reads the fully specified name of the algorithm as the same', async () => {
    expect(codeFor(await signText('{"alg":"Ed25519"}', '{}'))).toBe('ok')
  })

  test.each(['none', 'None', 'HS256', 'RS256', 'ES256', 'eddsa', 'Ed448', ''])(
    'refuses alg %j',
    async (alg) => {
      expect(codeFor(await signText(JSON.stringify({ alg }), '{}'))).toBe('algorithm_unsupported')
    },
  )

  test.each(['{}', '{"alg":null}', '{"alg":["EdDSA"]}', '{"alg":{"0":"EdDSA"}}'])(
    'refuses the header %s',
    async (header) => {
      expect(codeFor(await signText(header, '{}'))).toBe('algorithm_unsupported')
    },
  )

  test('tells the algorithm before it looks at the signature', () => {
    expect(codeFor(`${text('{"alg":"none"}')}.${text('{}')}.`)).toBe('algorithm_unsupported')
    const input = `${text('{"alg":"HS256"}')}.${text('{}')}`
    for (const key of ['', '-----BEGIN PUBLIC KEY-----', '\n-----BEGIN PUBLIC KEY-----']) {
      const mac = createHmac('sha256', key).update(input).digest('base64url')
      expect(codeFor(`${input}.${mac}`)).toBe('algorithm_unsupported')
    }
  })

  test.each<[string, (jws: string) => string]>([
    ['no parts', () => ''],
    ['one part', (jws) => jws.split('.')[0] ?? ''],
    ['two parts', (jws) => jws.slice(0, jws.lastIndexOf('.'))],
    ['four parts', (jws) => `${jws}.d`],
    ['four parts, one empty', (jws) => `${jws}.`],
    ['the flattened JSON form', () => '{"payload":"e30","header":{"alg":"EdDSA"},"signature":"AA"}'],
    ['an empty header', (jws) => jws.slice(jws.indexOf('.'))],
    ['an empty payload', () => `${text(HEADER)}..${'A'.repeat(86)}`],
    ['padding in the payload', (jws) => jws.replace(/\.(?=[^.]*$)/, '=.')],
    ['a line end in the payload', (jws) => jws.replace(/\.(?=[^.]*$)/, '\n.')],
    ['a space before', (jws) => ` ${jws}`],
    ['a line end after', (jws) => `${jws}\n`],
    ['padding after', (jws) => `${jws}==`],
    ['the other alphabet', (jws) => jws.replaceAll('-', '+').replaceAll('_', '/').replace(/.$/, '/')],
    ['no signature', (jws) => jws.slice(0, jws.lastIndexOf('.') + 1)],
    [
      'a short signature',
      (jws) => `${jws.slice(0, jws.lastIndexOf('.'))}.${encodeBase64url(new Uint8Array(63))}`,
    ],
    [
      'a long signature',
      (jws) => `${jws.slice(0, jws.lastIndexOf('.'))}.${encodeBase64url(new Uint8Array(65))}`,
    ],
    ['the signature in another spelling', (jws) => respell(jws)],
    ['a letter that is not ASCII', (jws) => `${jws.slice(0, -1)}é`],
  ])('refuses %s', (_, change) => {
    expect(change(valid)).not.toBe(valid)
    expect(codeFor(change(valid))).toBe('credential_malformed')
  })

  test.each([
    ['{"a":1', 'credential_malformed'],
    ['[]', 'credential_malformed'],
    ['null', 'credential_malformed'],
    ['"text"', 'credential_malformed'],
    ['{a:1}', 'credential_malformed'],
    ["{'a':1}", 'credential_malformed'],
    ['{"a":1,}', 'credential_malformed'],
    ['{"a":NaN}', 'credential_malformed'],
    ['{"a":1}//', 'credential_malformed'],
    ['\ufeff{}', 'credential_malformed'],
    [`{"a":${'['.repeat(33)}${']'.repeat(33)}}`, 'credential_malformed'],
    ['{"a":1,"a":1}', 'json_ambiguous'],
    ['{"a":1,"A":1}', 'json_ambiguous'],
    ['{"__proto__":{}}', 'json_ambiguous'],
    ['{"constructor":{"prototype":{}}}', 'json_ambiguous'],
    ['{"a":9007199254740993}', 'json_ambiguous'],
    ['{"a":1e400}', 'json_ambiguous'],
    ['{"a":"\\ud800"}', 'json_ambiguous'],
  ])('%j as payload is %s', async (payload, code) => {
    expect(codeFor(await signText(HEADER, payload))).toBe(code)
  })

  test('the header is as strict', async () => {
    expect(codeFor(await signText('{"alg":"none","alg":"EdDSA"}', '{}'))).toBe('json_ambiguous')
    expect(codeFor(await signText('{"alg":"EdDSA","Alg":"none"}', '{}'))).toBe('json_ambiguous')
    expect(codeFor(await signText('["EdDSA"]', '{}'))).toBe('credential_malformed')
  })

  test('the length is checked before anything else', () => {
    expect(codeOf(() => parseCompactJws(valid, { maxBytes: valid.length }))).toBe('ok')
    expect(codeOf(() => parseCompactJws(valid, { maxBytes: valid.length - 1 }))).toBe('credential_too_large')
    expect(codeFor('.'.repeat(5001))).toBe('credential_too_large')
  })
})

describe('readKeyId', () => {
  const header = { alg: 'EdDSA', typ: 'vc+jwt', kid: issuer.kid }
  const read = (changes: JsonObject): string => codeOf(() => readKeyId({ ...header, ...changes }, 'vc+jwt'))

  test('returns kid, with or without cty', () => {
    expect(readKeyId(header, 'vc+jwt')).toBe(issuer.kid)
    expect(readKeyId({ ...header, cty: 'vc' }, 'vc+jwt')).toBe(issuer.kid)
  })

  test.each<[JsonObject]>([
    [{ typ: 'at+jwt' }],
    [{ typ: 'JWT' }],
    [{ typ: 'VC+JWT' }],
    [{ typ: 'application/vc+jwt' }],
    [{ typ: null }],
  ])('another type: %j', (changes) => {
    expect(read(changes)).toBe('credential_type_mismatch')
  })

  test.each<[JsonObject]>([
    [{ jku: 'https://attacker.test/jwks' }],
    [{ jwk: { kty: 'OKP' } }],
    [{ x5u: 'http://169.254.169.254/' }],
    [{ x5c: ['MII'] }],
    [{ x5t: 'a' }],
    [{ 'x5t#S256': 'a' }],
  ])('a key of its own: %j', (changes) => {
    expect(read(changes)).toBe('issuer_untrusted')
  })

  test.each<[JsonObject]>([
    [{ crit: ['b64'], b64: false }],
    [{ b64: true }],
    [{ crit: [] }],
    [{ zip: 'DEF' }],
    [{ cty: 'JWT' }],
    [{ cty: null }],
    [{ kid: null }],
    [{ kid: 7 }],
  ])('anything else: %j', (changes) => {
    expect(read(changes)).toBe('credential_malformed')
  })

  test('no kid', () => {
    expect(codeOf(() => readKeyId({ alg: 'EdDSA', typ: 'vc+jwt' }, 'vc+jwt'))).toBe('credential_malformed')
  })
})

describe('checkKeyOwner', () => {
  test.each([
    [issuer.kid, 'ok'],
    [`${issuer.did}#other`, 'ok'],
    [otherIssuer.kid, 'issuer_mismatch'],
    [`did:web:example.com#key-1`, 'issuer_mismatch'],
    [issuer.did, 'credential_malformed'],
    [`${issuer.did}#`, 'credential_malformed'],
    ['../../dev/null', 'credential_malformed'],
    ["' OR 1=1 --", 'credential_malformed'],
    [`DID:KEY:${issuer.did.slice(8)}#k`, 'credential_malformed'],
    [`${issuer.kid}?versionId=1`, 'credential_malformed'],
    ['', 'credential_malformed'],
  ])('%s: %s', (kid, code) => {
    expect(codeOf(() => checkKeyOwner(kid, issuer.did))).toBe(code)
  })
})

/** Sets an unused bit of the last character. */
function respell(jws: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const other = jws.slice(0, -1) + (alphabet[alphabet.indexOf(jws.at(-1) ?? '') + 1] ?? '')
  const signature = (text: string): Buffer => Buffer.from(text.slice(text.lastIndexOf('.') + 1), 'base64url')
  expect(signature(other)).toEqual(Buffer.from(decodeBase64url(jws.slice(jws.lastIndexOf('.') + 1))))
  return other
}
