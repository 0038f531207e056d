import { digestSha256, type JsonObject, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { parseCompactJws, signHeartbeat, verifyHeartbeat } from '../src/index.ts'
import { agent, issuer, issuers, NOW, otherIssuer } from './support/actors.ts'
import { LIST_URL, signUnchecked, withMember } from './support/delegations.ts'
import { codeOf } from './support/refusal.ts'

const TYPE = 'behalf-heartbeat+jwt'
const LIST = { id: LIST_URL, version: 7, digest: digestSha256('list') }
const SIGNED = {
  issuer: issuer.did,
  kid: issuer.kid,
  epoch: 2,
  sequence: 40,
  now: NOW + 321,
  lists: [LIST],
  revokedKeys: [agent(0).did],
  signer: issuer.signer,
} as const
const OPTIONS = { issuer: issuer.did, issuers, now: NOW }
const jws = await signHeartbeat(SIGNED)
const { header, payload } = parseCompactJws(jws, { maxBytes: jws.length })

const codeFor = async (
  path: string,
  value: JsonValue | undefined,
  changes: JsonObject = {},
): Promise<string> => {
  const changed = await signUnchecked(withMember(payload, path, value), issuer, { typ: TYPE, ...changes })
  return codeOf(() => verifyHeartbeat(changed, OPTIONS))
}

describe('signHeartbeat', () => {
  test('writes seconds for everybody and milliseconds for us', () => {
    expect(header).toEqual({ alg: 'EdDSA', kid: issuer.kid, typ: TYPE })
    expect(payload).toEqual({
      iss: issuer.did,
      epoch: 2,
      sequence: 40,
      iat: NOW / 1000,
      iat_ms: NOW + 321,
      lists: [LIST],
      revoked_keys: [agent(0).did],
    })
  })

  test.each(['epoch', 'sequence', 'now'])('refuses a %s that is no counter', async (name) => {
    for (const value of [-1, 1.5, Number.NaN]) {
      await expect(signHeartbeat({ ...SIGNED, [name]: value })).rejects.toThrow(
        new TypeError('epoch, sequence and now must be non-negative integers'),
      )
    }
  })
})

describe('verifyHeartbeat', () => {
  test('says what was signed', () => {
    const heartbeat = verifyHeartbeat(jws, OPTIONS)
    expect(heartbeat).toEqual({
      issuer: issuer.did,
      epoch: 2,
      sequence: 40,
      time: NOW + 321,
      lists: [LIST],
      revokedKeys: [agent(0).did],
      revokedIssuerKeys: [],
      digest: digestSha256(jws),
    })
    expect(Object.isFrozen(heartbeat.lists)).toBe(true)
  })

  test('everything begins at zero', async () => {
    const first = await signHeartbeat({ ...SIGNED, epoch: 0, sequence: 0, now: 0 })
    expect(verifyHeartbeat(first, OPTIONS)).toMatchObject({ epoch: 0, sequence: 0, time: 0 })
  })

  test('a key of the issuer may be revoked, and it may be the one that signs', async () => {
    const last = await signHeartbeat({ ...SIGNED, revokedIssuerKeys: [issuer.kid] })
    expect(verifyHeartbeat(last, OPTIONS).revokedIssuerKeys).toEqual([issuer.kid])
  })

  test('nothing may be revoked, and there may be no lists', async () => {
    expect(await codeFor('lists', [])).toBe('ok')
    expect(await codeFor('revoked_keys', [])).toBe('ok')
  })

  test.each<[string, JsonValue | undefined]>([
    ['iss', otherIssuer.did],
    ['iss', undefined],
    ['epoch', undefined],
    ['epoch', '2'],
    ['epoch', -1],
    ['sequence', undefined],
    ['sequence', 1.5],
    ['iat', undefined],
    ['iat', NOW / 1000 + 1],
    ['iat', `${NOW / 1000}`],
    ['iat_ms', undefined],
    ['iat_ms', NOW + 321.5],
    ['iat_ms', NOW + 1321],
    ['lists', undefined],
    ['lists', {}],
    ['lists', [LIST_URL]],
    ['lists', [LIST, { ...LIST, version: 8 }]],
    ['lists', [{ ...LIST, more: 1 }]],
    ['lists', [{ ...LIST, id: '' }]],
    ['lists', [{ ...LIST, version: 0 }]],
    ['lists', [{ ...LIST, version: '7' }]],
    ['lists', [{ ...LIST, digest: 'sha-256:' }]],
    ['lists', [{ id: LIST_URL, version: 7 }]],
    ['revoked_keys', undefined],
    ['revoked_keys', agent(0).did],
    ['revoked_keys', [1]],
    ['revoked_issuer_keys', issuer.kid],
    ['revoked_issuer_keys', [1]],
    ['revoked_issuer_keys', [issuer.did]],
    ['revoked_issuer_keys', [otherIssuer.kid]],
    ['aud', 'x'],
  ])('%s: %j', async (path, value) => {
    expect(await codeFor(path, value)).toBe('status_invalid')
  })

  test.each<[JsonObject]>([
    [{ typ: 'vc+jwt' }],
    [{ typ: 'JWT' }],
    [{ kid: otherIssuer.kid }],
    [{ kid: `${issuer.did}#old` }],
    [{ jwk: {} }],
  ])('header %j', async (changes) => {
    expect(await codeFor('epoch', 2, changes)).toBe('status_invalid')
  })

  test('a signature by another key', async () => {
    const forged = await signHeartbeat({ ...SIGNED, signer: otherIssuer.signer })
    expect(codeOf(() => verifyHeartbeat(forged, OPTIONS))).toBe('status_invalid')
  })

  test('another issuer, trusted as he may be', async () => {
    const { did, kid, signer, publicKey } = otherIssuer
    const foreign = await signHeartbeat({ ...SIGNED, issuer: did, kid, signer })
    const trusting = (): Uint8Array => publicKey
    expect(codeOf(() => verifyHeartbeat(foreign, { ...OPTIONS, issuers: trusting }))).toBe('status_invalid')
    expect(codeOf(() => verifyHeartbeat(foreign, { ...OPTIONS, issuer: did, issuers: trusting }))).toBe('ok')
  })

  test.each([
    [NOW + 321, 'ok'],
    [NOW - 4679, 'ok'],
    [NOW - 4680, 'status_invalid'],
    [NOW + 1e9, 'ok'],
  ])('at most five seconds ahead: %s is %s', (now, code) => {
    expect(codeOf(() => verifyHeartbeat(jws, { ...OPTIONS, now }))).toBe(code)
  })

  test('a time that is none is an error', () => {
    expect(() => verifyHeartbeat(jws, { ...OPTIONS, now: Number.NaN })).toThrow(
      new TypeError('now must be a number'),
    )
  })

  test('what is no JWS', () => {
    expect(codeOf(() => verifyHeartbeat('', OPTIONS))).toBe('status_invalid')
    expect(codeOf(() => verifyHeartbeat('x'.repeat(1_048_577), OPTIONS))).toBe('status_invalid')
  })
})
