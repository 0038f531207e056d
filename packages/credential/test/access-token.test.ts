import { digestSha256, type JsonObject, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { parseCompactJws, signAccessToken, tokenKeyId, verifyAccessToken } from '../src/index.ts'
import { agent, issuer, MINUTE, NOW, otherIssuer } from './support/actors.ts'
import { CAPABILITY, signText, signUnchecked, statusEntry, uuid, withMember } from './support/delegations.ts'
import { codeOf, codeOfAsync, refusalOf } from './support/refusal.ts'
import { AUDIENCE, AUTHORITY, tokenClaims, tokenKey, tokenKeys } from './support/tokens.ts'

const OPTIONS = { issuer: AUTHORITY, audience: AUDIENCE, keys: tokenKeys, now: NOW }
const KID = tokenKeyId(tokenKey.publicKey)
const token = await signAccessToken(tokenClaims(), tokenKey.signer)
const { header, payload } = parseCompactJws(token, { maxBytes: token.length })
const DIGEST = digestSha256('x')

const codeFor = async (
  path: string,
  value: JsonValue | undefined,
  changes: JsonObject = {},
): Promise<string> => {
  const members = { typ: 'at+jwt', kid: KID, ...changes }
  const changed = await signUnchecked(withMember(payload, path, value), tokenKey, members)
  return codeOf(() => verifyAccessToken(changed, OPTIONS))
}

describe('signAccessToken', () => {
  test('writes the claims under their registered names', () => {
    expect(header).toEqual({ alg: 'EdDSA', kid: KID, typ: 'at+jwt' })
    expect(payload).toEqual({
      iss: AUTHORITY,
      sub: 'principal-1',
      aud: AUDIENCE,
      client_id: agent(1).did,
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
      jti: uuid(100),
      cnf: { jkt: tokenKeyId(agent(1).publicKey) },
      act: { sub: agent(1).did, act: { sub: agent(0).did } },
      authorization_details: [CAPABILITY],
      principal: { issuer: issuer.did, id: 'principal-1', role: 'editor' },
      workflow: { id: 'triage', run: '7' },
      root: uuid(0),
      delegations: [uuid(0), uuid(1)],
      status: { status_list: { idx: 5, uri: `${AUTHORITY}/status/token-lists/1` } },
      delegation_status: [statusEntry(0), statusEntry(1)],
    })
  })

  test.each([
    [300_000, 'ok'],
    [301_000, 'TypeError'],
    [999, 'TypeError'],
    [-1000, 'TypeError'],
  ])('a life of %d ms: %s', async (life, result) => {
    const signing = signAccessToken(tokenClaims({ expiresAt: NOW + life }), tokenKey.signer)
    if (result === 'ok') await expect(signing).resolves.toContain('.')
    else await expect(signing).rejects.toThrow(TypeError)
  })

  test('a token that fits into no header field is not made', async () => {
    const paths = Array.from({ length: 400 }, (_, index) => `/v1/${index}/of-a-long-list`)
    const claims = tokenClaims({
      capabilities: [{ ...CAPABILITY, type: 'http', paths, actions: [], locations: [] }],
    })
    expect(await codeOfAsync(() => signAccessToken(claims, tokenKey.signer))).toBe('credential_too_large')
  })
})

describe('verifyAccessToken', () => {
  test('says what was signed, and nobody changes it', () => {
    const claims = verifyAccessToken(token, OPTIONS)
    expect(claims).toEqual(tokenClaims())
    expect(Object.isFrozen(claims.actors)).toBe(true)
  })

  test('everything that may be there', async () => {
    const claims = tokenClaims({
      principal: { issuer: issuer.did, id: 'p', role: 'r', tenant: 't' },
      policy: { id: 'p', digest: DIGEST, decision: 'd' },
      approval: { method: 'passkey', digest: DIGEST },
    })
    expect(verifyAccessToken(await signAccessToken(claims, tokenKey.signer), OPTIONS)).toEqual(claims)
  })

  test.each<[string, JsonValue | undefined]>([
    ['iss', undefined],
    ['iss', 'https://other.test'],
    ['iss', 1],
    ['sub', undefined],
    ['sub', 'principal-2'],
    ['aud', undefined],
    ['aud', [AUDIENCE]],
    ['client_id', undefined],
    ['client_id', agent(0).did],
    ['iat', undefined],
    ['iat', `${NOW / 1000}`],
    ['iat', NOW / 1000 + 6],
    ['exp', undefined],
    ['exp', NOW / 1000],
    ['exp', NOW / 1000 + 301],
    ['exp', NOW / 1000 + 60.5],
    ['nbf', NOW / 1000],
    ['jti', undefined],
    ['jti', 'x'],
    ['cnf', undefined],
    ['cnf', { jkt: tokenKeyId(agent(0).publicKey) }],
    ['cnf.jkt', 7],
    ['cnf.jwk', {}],
    ['act', undefined],
    ['act', agent(1).did],
    ['act.act', undefined],
    ['act.sub', 'did:web:agent.test'],
    ['act.iss', 'x'],
    ['act.act.sub', agent(1).did],
    ['authorization_details', undefined],
    ['authorization_details', {}],
    ['authorization_details', [{ type: 'http' }]],
    ['principal', undefined],
    ['principal.issuer', undefined],
    ['principal.name', 'x'],
    ['workflow', 'x'],
    ['policy', {}],
    ['approval', { method: 'guess', digest: DIGEST }],
    ['status.status_list.uri', 'xhttps://authority.test/list'],
    ['status.status_list.uri', 'https://authority.test/a list'],
    ['root', undefined],
    ['root', uuid(1)],
    ['delegations', undefined],
    ['delegations', uuid(0)],
    ['delegations', [uuid(0)]],
    ['delegations', [uuid(0), uuid(0)]],
    ['delegations', [uuid(0), 'x']],
    ['status', undefined],
    ['status.status_list', undefined],
    ['status.more', 1],
    ['status.status_list.idx', -1],
    ['status.status_list.uri', 'list'],
    ['status.status_list.more', 1],
    ['delegation_status', undefined],
    ['delegation_status', [statusEntry(0)]],
    ['delegation_status', [statusEntry(0), {}]],
    ['scope', 'admin'],
  ])('%s: %j', async (path, value) => {
    expect(await codeFor(path, value)).toBe('invalid_token')
  })

  test('a chain of actors that never ends', async () => {
    const act = Array.from({ length: 9 }, (_, index) => agent(index).did).reduce<JsonObject | undefined>(
      (inner, sub) => (inner === undefined ? { sub } : { sub, act: inner }),
      undefined,
    )
    const ids = Array.from({ length: 9 }, (_, index) => uuid(index))
    const entries = ids.map((_, index) => statusEntry(index))
    const long = {
      ...payload,
      ...(act !== undefined && { act }),
      client_id: agent(8).did,
      cnf: { jkt: tokenKeyId(agent(8).publicKey) },
      delegations: ids,
      delegation_status: entries,
    }
    const changed = await signUnchecked(long, tokenKey, { typ: 'at+jwt', kid: KID })
    expect(refusalOf(() => verifyAccessToken(changed, OPTIONS))).toMatchObject({ field: 'act' })
  })

  test('a token for another resource', async () => {
    const elsewhere = await signAccessToken(tokenClaims({ audience: `${AUDIENCE}/` }), tokenKey.signer)
    expect(codeOf(() => verifyAccessToken(elsewhere, OPTIONS))).toBe('audience_mismatch')
  })

  test.each<[JsonObject, string]>([
    [{ typ: 'JWT' }, 'invalid_token'],
    [{ typ: 'vc+jwt' }, 'invalid_token'],
    [{ kid: tokenKeyId(otherIssuer.publicKey) }, 'invalid_token'],
    [{ kid: 7 }, 'invalid_token'],
    [{ jwk: {} }, 'invalid_token'],
    [{ jku: 'https://evil.test' }, 'invalid_token'],
    [{ crit: [] }, 'invalid_token'],
    [{ cty: 'vc' }, 'invalid_token'],
    [{}, 'ok'],
  ])('header %j: %s', async (changes, code) => {
    expect(await codeFor('sub', 'principal-1', changes)).toBe(code)
  })

  test.each(['none', 'HS256', 'ES256'])('the algorithm %s', async (alg) => {
    const text = JSON.stringify({ alg, kid: KID, typ: 'at+jwt' })
    const other = await signText(text, JSON.stringify(payload), tokenKey)
    expect(codeOf(() => verifyAccessToken(other, OPTIONS))).toBe('invalid_token')
  })

  test('the newer name of the same algorithm', async () => {
    const text = JSON.stringify({ alg: 'Ed25519', kid: KID, typ: 'at+jwt' })
    expect(verifyAccessToken(await signText(text, JSON.stringify(payload), tokenKey), OPTIONS)).toBeDefined()
  })

  test('a member twice', async () => {
    const text = JSON.stringify(payload).replace('"sub"', '"sub":"admin","sub"')
    const twice = await signText(JSON.stringify(header), text, tokenKey)
    expect(codeOf(() => verifyAccessToken(twice, OPTIONS))).toBe('invalid_token')
  })

  test('a signature by another key, and a key under the name of another', async () => {
    const forged = await signText(JSON.stringify(header), JSON.stringify(payload), otherIssuer)
    expect(codeOf(() => verifyAccessToken(forged, OPTIONS))).toBe('invalid_token')
    const confused = { ...OPTIONS, keys: (): Uint8Array => otherIssuer.publicKey }
    expect(refusalOf(() => verifyAccessToken(forged, confused))).toMatchObject({ field: 'kid' })
  })

  test.each([
    [NOW - 5000, 'ok'],
    [NOW - 5001, 'invalid_token'],
    [NOW + MINUTE - 1, 'ok'],
    [NOW + MINUTE, 'invalid_token'],
  ])('at %d: %s', (now, code) => {
    expect(codeOf(() => verifyAccessToken(token, { ...OPTIONS, now }))).toBe(code)
  })

  test('options that are no numbers', () => {
    const verify = (changes: object) => (): unknown => verifyAccessToken(token, { ...OPTIONS, ...changes })
    expect(verify({ now: Number.NaN })).toThrow(TypeError)
    expect(verify({ clockToleranceSeconds: Number.NaN })).toThrow(TypeError)
    expect(verify({ clockToleranceSeconds: -1 })).toThrow(TypeError)
    expect(verify({ now: NOW - 5001, clockToleranceSeconds: 6 })).not.toThrow()
  })

  test('what is no token, or too long', () => {
    expect(codeOf(() => verifyAccessToken('', OPTIONS))).toBe('invalid_token')
    expect(codeOf(() => verifyAccessToken('x'.repeat(12_001), OPTIONS))).toBe('invalid_token')
  })
})
