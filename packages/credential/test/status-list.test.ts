import { digestSha256, encodeBase64url, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { compressGzip } from '../src/gzip.ts'
import {
  checkDelegationStatus,
  createBitstring,
  type Delegation,
  findSuspended,
  parseCompactJws,
  parseDelegation,
  type StatusList,
  signStatusList,
  suspensionListUrl,
  verifyStatusList,
  writeBit,
} from '../src/index.ts'
import { issuer, issuers, MINUTE, NOW, otherIssuer } from './support/actors.ts'
import { LIST_URL, rootPayload, signUnchecked, statusEntry, uuid, withMember } from './support/delegations.ts'
import { codeOf, refusalOf } from './support/refusal.ts'

const bits = createBitstring()
for (const index of [0, 9, 131_071]) writeBit(bits, index, true)
const SIGNED = {
  id: LIST_URL,
  issuer: issuer.did,
  kid: issuer.kid,
  purpose: 'revocation',
  bits,
  version: 7,
  now: NOW + 321,
  validUntil: NOW + 60 * MINUTE,
  signer: issuer.signer,
} as const
const OPTIONS = { id: LIST_URL, issuer: issuer.did, issuers, now: NOW }
const jws = await signStatusList(SIGNED)
const list = verifyStatusList(jws, OPTIONS)
const payload = parseCompactJws(jws, { maxBytes: jws.length }).payload

const codeForPayload = async (changed: JsonObject, header: JsonObject = {}): Promise<string> => {
  const changedJws = await signUnchecked(changed, issuer, header)
  return codeOf(() => verifyStatusList(changedJws, OPTIONS))
}
const codeFor = async (path: string, value: JsonValue | undefined): Promise<string> =>
  await codeForPayload(withMember(payload, path, value))

describe('signStatusList', () => {
  test('writes the credential of the specification', () => {
    expect(payload).toEqual({
      '@context': ['https://www.w3.org/ns/credentials/v2'],
      id: LIST_URL,
      type: ['VerifiableCredential', 'BitstringStatusListCredential'],
      issuer: issuer.did,
      validFrom: '2026-11-24T12:00:00Z',
      validUntil: '2026-11-24T13:00:00Z',
      credentialSubject: {
        id: `${LIST_URL}#list`,
        type: 'BitstringStatusList',
        statusPurpose: 'revocation',
        encodedList: expect.stringMatching(/^uH4sI/),
      },
      iss: issuer.did,
      jti: LIST_URL,
      nbf: NOW / 1000,
      exp: NOW / 1000 + 3600,
      iat: NOW / 1000,
      version: 7,
    })
  })

  test.each([0, -1, 1.5])('refuses version %s', async (version) => {
    await expect(signStatusList({ ...SIGNED, version })).rejects.toThrow(
      new TypeError('The version must be at least 1'),
    )
  })

  test('the first version is 1', async () => {
    expect(verifyStatusList(await signStatusList({ ...SIGNED, version: 1 }), OPTIONS).version).toBe(1)
  })

  test('refuses a list that is too short', async () => {
    await expect(signStatusList({ ...SIGNED, bits: new Uint8Array(16_383) })).rejects.toThrow(
      new TypeError('The list is too short'),
    )
  })
})

describe('verifyStatusList', () => {
  test('says what the list says', () => {
    expect(list).toEqual({
      id: LIST_URL,
      issuer: issuer.did,
      version: 7,
      digest: digestSha256(jws),
      purpose: 'revocation',
      length: 131_072,
      validFrom: NOW,
      validUntil: NOW + 60 * MINUTE,
      isSet: expect.any(Function),
    })
    expect([0, 1, 7, 8, 9, 131_071].filter((index) => list.isSet(index))).toEqual([0, 9, 131_071])
    expect(() => list.isSet(131_072)).toThrow(RangeError)
  })

  test.each<[string, JsonValue | undefined]>([
    ['@context', ['https://www.w3.org/ns/credentials/v2', 'https://attacker.test/ctx']],
    ['type', ['VerifiableCredential', 'DelegationCredential']],
    ['type', undefined],
    ['id', 'https://attacker.test/status/lists/1'],
    ['jti', uuid(1)],
    ['jti', undefined],
    ['issuer', otherIssuer.did],
    ['iss', otherIssuer.did],
    ['iss', undefined],
    ['iat', undefined],
    ['iat', '0'],
    ['nbf', NOW / 1000 + 1],
    ['exp', undefined],
    ['exp', NOW / 1000 + 7200],
    ['validFrom', undefined],
    ['validUntil', undefined],
    ['version', undefined],
    ['version', 0],
    ['version', '7'],
    ['version', 1.5],
    ['aud', 'https://api.test'],
    ['credentialSubject', undefined],
    ['credentialSubject.id', 1],
    ['credentialSubject.type', 'BitstringStatusListEntry'],
    ['credentialSubject.statusPurpose', 'suspension'],
    ['credentialSubject.statusPurpose', ['revocation', 'suspension']],
    ['credentialSubject.statusSize', 2],
    ['credentialSubject.statusSize', '1'],
    ['credentialSubject.ttl', 1],
    ['credentialSubject.encodedList', undefined],
    ['credentialSubject.encodedList', ''],
    ['credentialSubject.encodedList', `u${encodeBase64url(compressGzip(new Uint8Array(128)))}`],
    ['credentialSubject.encodedList', 'uH4sI!'],
  ])('%s: %j', async (path, value) => {
    expect(await codeFor(path, value)).toBe('status_invalid')
  })

  test('one bit for each entry may be said', async () => {
    expect(await codeFor('credentialSubject.statusSize', 1)).toBe('ok')
    expect(await codeFor('credentialSubject.id', undefined)).toBe('ok')
  })

  test.each<[JsonObject]>([
    [{ typ: 'JWT' }],
    [{ typ: 'behalf-heartbeat+jwt' }],
    [{ kid: otherIssuer.kid }],
    [{ kid: issuer.did }],
    [{ kid: `${issuer.did}#old` }],
    [{ jku: 'https://attacker.test' }],
    [{ crit: [] }],
  ])('header %j', async (header) => {
    expect(await codeForPayload(payload, header)).toBe('status_invalid')
  })

  test('a list for another URL', () => {
    expect(codeOf(() => verifyStatusList(jws, { ...OPTIONS, id: `${LIST_URL}0` }))).toBe('status_invalid')
  })

  test('a list of another issuer, trusted as that one may be', async () => {
    const trusting = (did: string): Uint8Array | undefined =>
      [issuer, otherIssuer].find((actor) => actor.did === did)?.publicKey
    const foreign = await signStatusList({
      ...SIGNED,
      issuer: otherIssuer.did,
      kid: otherIssuer.kid,
      signer: otherIssuer.signer,
    })
    const options = { ...OPTIONS, issuers: trusting }
    expect(codeOf(() => verifyStatusList(foreign, options))).toBe('status_invalid')
    expect(codeOf(() => verifyStatusList(foreign, { ...options, issuer: otherIssuer.did }))).toBe('ok')
  })

  test('a signature by another key', async () => {
    const forged = await signStatusList({ ...SIGNED, signer: otherIssuer.signer })
    expect(refusalOf(() => verifyStatusList(forged, OPTIONS))).toMatchObject({
      code: 'status_invalid',
      cause: { code: 'credential_signature_invalid' },
    })
  })

  test('an issuer that is not trusted', () => {
    expect(refusalOf(() => verifyStatusList(jws, { ...OPTIONS, issuers: () => undefined }))).toMatchObject({
      code: 'status_invalid',
      cause: { code: 'issuer_untrusted' },
    })
  })

  test('what is no JWS, and what is ambiguous', () => {
    expect(codeOf(() => verifyStatusList('', OPTIONS))).toBe('status_invalid')
    expect(codeOf(() => verifyStatusList('x'.repeat(2_097_153), OPTIONS))).toBe('status_invalid')
    expect(codeOf(() => verifyStatusList(jws.replace('.', '..'), OPTIONS))).toBe('status_invalid')
  })

  test.each([
    [NOW - 5001, 'status_invalid'],
    [NOW - 5000, 'ok'],
    [NOW - 60 * MINUTE, 'status_invalid'],
    [NOW + 60 * MINUTE + 4999, 'ok'],
    [NOW + 60 * MINUTE + 5000, 'status_invalid'],
  ])('five seconds of tolerance: %s is %s', (now, code) => {
    expect(codeOf(() => verifyStatusList(jws, { ...OPTIONS, now }))).toBe(code)
  })

  test('a time that is none is an error', () => {
    expect(() => verifyStatusList(jws, { ...OPTIONS, now: Number.NaN })).toThrow(
      new TypeError('now must be a number'),
    )
  })

  test('the longest list fits, even when it does not compress', async () => {
    const noise = createBitstring(8_388_608)
    let state = 1
    for (const index of noise.keys()) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      noise[index] = state >>> 24
    }
    const long = await signStatusList({ ...SIGNED, bits: noise })
    expect(verifyStatusList(long, OPTIONS).length).toBe(8_388_608)
  })
})

describe('checkDelegationStatus', () => {
  const delegate = async (path: string, value: JsonValue): Promise<Delegation> =>
    parseDelegation(await signUnchecked(withMember(rootPayload(), path, value)))
  const check = async (index: string, status: StatusList | undefined = list): Promise<string> => {
    const delegation = await delegate('credentialStatus.statusListIndex', index)
    return codeOf(() => checkDelegationStatus(delegation, { revocation: status, suspension: undefined }))
  }

  test.each([
    ['0', 'credential_revoked'],
    ['7', 'ok'],
    ['8', 'ok'],
    ['9', 'credential_revoked'],
    ['131071', 'credential_revoked'],
    ['131070', 'ok'],
    ['131072', 'status_index_invalid'],
    ['999999999999999', 'status_index_invalid'],
  ])('index %s: %s', async (index, code) => {
    expect(await check(index)).toBe(code)
  })

  test('no list', async () => {
    const delegation = await delegate('credentialStatus.statusListIndex', '1')
    expect(
      codeOf(() => checkDelegationStatus(delegation, { revocation: undefined, suspension: undefined })),
    ).toBe('status_invalid')
  })

  test('another list', async () => {
    const foreign = await delegate('credentialStatus.statusListCredential', 'https://attacker.test/list')
    expect(codeOf(() => checkDelegationStatus(foreign, { revocation: list, suspension: undefined }))).toBe(
      'status_invalid',
    )
    expect(await check('1', { ...list, id: `${LIST_URL}/` })).toBe('status_invalid')
  })

  test('a root on the list of another issuer; a child is on the list of its root', async () => {
    expect(await check('1', { ...list, issuer: otherIssuer.did })).toBe('status_invalid')
    const parent = { id: uuid(3), digest: digestSha256('x') }
    const child = parseDelegation(await signUnchecked(rootPayload({ parent, status: statusEntry(1) })))
    const foreign = { revocation: { ...list, issuer: otherIssuer.did }, suspension: undefined }
    expect(codeOf(() => checkDelegationStatus(child, foreign))).toBe('ok')
  })

  describe('with a list of suspensions', async () => {
    const id = suspensionListUrl(LIST_URL)
    const resting = createBitstring()
    for (const index of [7, 9]) writeBit(resting, index, true)
    const signed = await signStatusList({ ...SIGNED, id, purpose: 'suspension', bits: resting })
    const suspension = verifyStatusList(signed, { ...OPTIONS, id, purpose: 'suspension' })
    const checkBoth = async (index: string, other: StatusList = suspension): Promise<string> => {
      const delegation = await delegate('credentialStatus.statusListIndex', index)
      return codeOf(() => checkDelegationStatus(delegation, { revocation: list, suspension: other }))
    }

    test.each([
      ['7', 'credential_suspended'],
      ['8', 'ok'],
      ['9', 'credential_revoked'],
      ['0', 'credential_revoked'],
    ])('index %s: %s', async (index, code) => {
      expect(await checkBoth(index)).toBe(code)
    })

    test.each<[string, Partial<StatusList>, string]>([
      ['of another purpose', { purpose: 'revocation' }, 'status_invalid'],
      ['of another address', { id: `${LIST_URL}2/suspension` }, 'status_invalid'],
      ['of another issuer', { issuer: otherIssuer.did }, 'status_invalid'],
      ['too short', { length: 8 }, 'status_index_invalid'],
    ])('a list of suspensions %s', async (_, change, code) => {
      expect(await checkBoth('8', { ...suspension, ...change })).toBe(code)
    })

    test('is not one of revocations, nor the other way round', () => {
      expect(codeOf(() => verifyStatusList(signed, { ...OPTIONS, id }))).toBe('status_invalid')
      expect(codeOf(() => verifyStatusList(jws, { ...OPTIONS, purpose: 'suspension' }))).toBe(
        'status_invalid',
      )
    })

    test('its address leads back to the list beside it', () => {
      expect([findSuspended(id), findSuspended(LIST_URL)]).toEqual([LIST_URL, undefined])
    })
  })
})

test('a status list is no delegation', () => {
  expect(codeOf(() => parseDelegation(jws))).toBe('credential_type_mismatch')
  expect(parseJson('{}')).toEqual({})
})
