import { createHmac } from 'node:crypto'
import { encodeBase64url, encodeUtf8, type JsonObject, type JsonValue, jwkThumbprint } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  createDpopProof,
  hashAccessToken,
  parseCompactJws,
  type VerifyDpopProofOptions,
  verifyDpopProof,
} from '../src/index.ts'
import { agent, NOW, otherIssuer } from './support/actors.ts'
import { signText, signUnchecked, withMember } from './support/delegations.ts'
import { codeOf, refusalOf } from './support/refusal.ts'

const URL = 'https://api.test/v1/items'
const JTI = 'jti-0123456789abcdef'
const TOKEN = 'header.payload.signature'
const holder = agent(0)
const PROOF = { signer: holder.signer, method: 'GET', url: URL, now: NOW, jti: JTI } as const
const OPTIONS: VerifyDpopProofOptions = { method: 'GET', url: URL, accessTokenHash: undefined, now: NOW }
const proof = await createDpopProof(PROOF)
const { header, payload } = parseCompactJws(proof, { maxBytes: proof.length })
const { jwk = null } = header

const codeFor = (changes: Partial<VerifyDpopProofOptions>, text = proof): string =>
  codeOf(() => verifyDpopProof(text, { ...OPTIONS, ...changes }))

/** The code for a proof that is signed over something else. */
async function codeForChange(path: string, value: JsonValue | undefined): Promise<string> {
  const changed = withMember({ header, payload }, path, value)
  return await codeForParts(changed['header'] as JsonObject, changed['payload'] as JsonObject)
}

async function codeForParts(head: JsonObject, body: JsonObject): Promise<string> {
  return codeFor({}, await signText(JSON.stringify(head), JSON.stringify(body), holder))
}

describe('createDpopProof', () => {
  test('says what every DPoP library reads', () => {
    const x = encodeBase64url(holder.publicKey)
    expect(header).toEqual({ typ: 'dpop+jwt', alg: 'EdDSA', jwk: { kty: 'OKP', crv: 'Ed25519', x } })
    expect(payload).toEqual({ jti: JTI, htm: 'GET', htu: URL, iat: NOW / 1000 })
  })

  test('leaves query and fragment out, and speaks of token and nonce where there are some', async () => {
    const options = { ...PROOF, url: `${URL}?a=1#b`, accessToken: TOKEN, nonce: 'n-1', now: NOW + 999 }
    const signed = await createDpopProof(options)
    expect(parseCompactJws(signed, { maxBytes: signed.length }).payload).toEqual({
      ...payload,
      ath: hashAccessToken(TOKEN),
      nonce: 'n-1',
    })
  })

  test.each(['short', 'with a space in its middle', 'é'.repeat(20), 'a'.repeat(129)])(
    'refuses the jti %j',
    async (jti) => {
      await expect(createDpopProof({ ...PROOF, jti })).rejects.toThrow(TypeError)
    },
  )

  test('refuses an address that is not absolute', async () => {
    await expect(createDpopProof({ ...PROOF, url: '/v1/items' })).rejects.toThrow(TypeError)
  })
})

describe('verifyDpopProof', () => {
  test('says what was signed, and with which key', async () => {
    expect(verifyDpopProof(proof, OPTIONS)).toEqual({
      jkt: jwkThumbprint({ kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(holder.publicKey) }),
      publicKey: holder.publicKey,
      jti: JTI,
      issuedAt: NOW,
      nonce: undefined,
    })
    const withNonce = await createDpopProof({ ...PROOF, nonce: 'n-1' })
    expect(verifyDpopProof(withNonce, OPTIONS).nonce).toBe('n-1')
  })

  test('holds for one method, one URL without its query, and one token', async () => {
    expect(codeFor({ url: `${URL}?a=1#b` })).toBe('ok')
    expect(codeFor({ method: 'POST' })).toBe('invalid_dpop_proof')
    expect(codeFor({ method: 'get' })).toBe('invalid_dpop_proof')
    for (const url of [
      `${URL}/`,
      'https://api.test/v1/Items',
      'http://api.test/v1/items',
      'https://api.test',
    ]) {
      expect(codeFor({ url })).toBe('invalid_dpop_proof')
    }
    const bound = await createDpopProof({ ...PROOF, accessToken: TOKEN })
    expect(codeFor({ accessTokenHash: hashAccessToken(TOKEN) }, bound)).toBe('ok')
    expect(codeFor({ accessTokenHash: hashAccessToken(`${TOKEN}x`) }, bound)).toBe('invalid_dpop_proof')
    expect(codeFor({ accessTokenHash: hashAccessToken(TOKEN) })).toBe('invalid_dpop_proof')
    expect(codeFor({}, bound)).toBe('invalid_dpop_proof')
  })

  test('holds from 5 seconds before it was made until 60 seconds after, or as long as it is told', () => {
    expect(codeFor({ now: NOW - 5000 })).toBe('ok')
    expect(codeFor({ now: NOW - 5001 })).toBe('invalid_dpop_proof')
    expect(codeFor({ now: NOW + 60_000 })).toBe('ok')
    expect(codeFor({ now: NOW + 60_001 })).toBe('invalid_dpop_proof')
    expect(codeFor({ now: NOW + 10_000, maxAgeSeconds: 10 })).toBe('ok')
    expect(codeFor({ now: NOW + 10_001, maxAgeSeconds: 10 })).toBe('invalid_dpop_proof')
  })

  test('wants a time to hold it against', () => {
    for (const changes of [{ now: Number.NaN }, { maxAgeSeconds: 0 }, { maxAgeSeconds: Infinity }]) {
      expect(() => verifyDpopProof(proof, { ...OPTIONS, ...changes })).toThrow(TypeError)
    }
  })

  test('keeps to what the proof itself says of its time', async () => {
    const now = NOW / 1000
    expect(await codeForChange('payload.exp', now + 1)).toBe('ok')
    expect(await codeForChange('payload.exp', now)).toBe('invalid_dpop_proof')
    expect(await codeForChange('payload.exp', '9999999999')).toBe('invalid_dpop_proof')
    expect(await codeForChange('payload.nbf', now + 5)).toBe('ok')
    expect(await codeForChange('payload.nbf', now + 6)).toBe('invalid_dpop_proof')
    expect(await codeForChange('payload.nbf', null)).toBe('invalid_dpop_proof')
  })

  test('ignores claims that nobody defined', async () => {
    expect(await codeForChange('payload.other', 'x')).toBe('ok')
  })

  test.each<[string, JsonValue | undefined]>([
    ['payload.jti', undefined],
    ['payload.jti', 'too-short'],
    ['payload.jti', 'a b a b a b a b a b'],
    ['payload.jti', 'a'.repeat(129)],
    ['payload.jti', 12],
    ['payload.htm', undefined],
    ['payload.htu', undefined],
    ['payload.htu', `${URL}?a=1`],
    ['payload.htu', `${URL}#a`],
    ['payload.htu', 'https://API.test/v1/items'],
    ['payload.htu', 'https://api.test:443/v1/items'],
    ['payload.iat', undefined],
    ['payload.iat', String(NOW / 1000)],
    ['payload.iat', -1],
    ['payload.nonce', ''],
    ['payload.nonce', 'a b'],
    ['payload.nonce', 'a'.repeat(257)],
    ['payload.nonce', 1],
    ['payload.ath', 'x'],
    ['header.typ', undefined],
    ['header.typ', 'JWT'],
    ['header.typ', 'DPoP+jwt'],
    ['header.alg', 'none'],
    ['header.alg', 'HS256'],
    ['header.alg', 'ES256'],
    ['header.kid', 'did:key:z'],
    ['header.jku', 'https://keys.test'],
    ['header.crit', ['exp']],
    ['header.jwk', undefined],
    ['header.jwk', 'text'],
    ['header.jwk.d', encodeBase64url(new Uint8Array(32).fill(10))],
    ['header.jwk.crv', 'X25519'],
    ['header.jwk.kty', 'EC'],
    ['header.jwk.x', encodeBase64url(new Uint8Array(32))],
    ['header.jwk.x', encodeBase64url(otherIssuer.publicKey)],
  ])('refuses %s %j', async (path, value) => {
    expect(await codeForChange(path, value)).toBe('invalid_dpop_proof')
  })

  test('reads the fully specified name of the algorithm as the same', async () => {
    expect(await codeForChange('header.alg', 'Ed25519')).toBe('ok')
  })

  test('refuses a symmetric signature with the public key as its secret', () => {
    const parts = [{ ...header, alg: 'HS256' }, payload].map((part) =>
      encodeBase64url(encodeUtf8(JSON.stringify(part))),
    )
    const mac = createHmac('sha256', holder.publicKey).update(parts.join('.')).digest('base64url')
    expect(codeFor({}, [...parts, mac].join('.'))).toBe('invalid_dpop_proof')
  })

  test('refuses two members of one name, another JWS, and what is none', async () => {
    const twice = JSON.stringify(payload).replace('{', '{"htm":"POST",')
    expect(codeFor({}, await signText(JSON.stringify(header), twice, holder))).toBe('invalid_dpop_proof')
    expect(codeFor({}, await signUnchecked(payload))).toBe('invalid_dpop_proof')
    expect(codeFor({}, proof.replace(/.$/u, ''))).toBe('invalid_dpop_proof')
    expect(codeFor({}, `${proof}, ${proof}`)).toBe('invalid_dpop_proof')
    expect(codeFor({}, '')).toBe('invalid_dpop_proof')
  })

  test('refuses a proof of more than 4,096 bytes before it is read', async () => {
    const long = await signText(
      JSON.stringify({ ...header, jwk: { ...(jwk as JsonObject), long: 'x'.repeat(4096) } }),
      JSON.stringify(payload),
      holder,
    )
    expect(refusalOf(() => verifyDpopProof(long, OPTIONS))?.message).toContain('4096')
  })
})
