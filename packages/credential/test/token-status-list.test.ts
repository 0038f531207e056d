import { deflateSync, gzipSync } from 'node:zlib'
import { concatBytes, encodeBase64url, type JsonObject, type JsonValue } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  createTokenStatuses,
  parseCompactJws,
  readTokenStatus,
  signTokenStatusList,
  tokenKeyId,
  verifyTokenStatusList,
  writeTokenStatus,
} from '../src/index.ts'
import { gzip as nodeGzip } from '../src/node-gzip.ts'
import { gzip as portableGzip } from '../src/portable-gzip.ts'
import { MINUTE, NOW, otherIssuer } from './support/actors.ts'
import { signUnchecked, withMember } from './support/delegations.ts'
import { codeOf } from './support/refusal.ts'
import { AUTHORITY, tokenKey, tokenKeys } from './support/tokens.ts'

const URI = `${AUTHORITY}/status/token-lists/1`
const statuses = createTokenStatuses(1, 1024)
writeTokenStatus(statuses, 9, 1)
const SIGNED = {
  uri: URI,
  issuer: AUTHORITY,
  statuses,
  now: NOW,
  expiresAt: NOW + MINUTE,
  ttlSeconds: 30,
  signer: tokenKey.signer,
}
const OPTIONS = { uri: URI, issuer: AUTHORITY, keys: tokenKeys, now: NOW }
const KID = tokenKeyId(tokenKey.publicKey)
const jws = await signTokenStatusList(SIGNED)
const { header, payload } = parseCompactJws(jws, { maxBytes: jws.length })

const codeFor = async (
  path: string,
  value: JsonValue | undefined,
  changes: JsonObject = {},
): Promise<string> => {
  const members = { typ: 'statuslist+jwt', kid: KID, ...changes }
  const changed = await signUnchecked(withMember(payload, path, value), tokenKey, members)
  return codeOf(() => verifyTokenStatusList(changed, OPTIONS))
}

describe('statuses', () => {
  // The example of Token Status List section 4.1, from its own table of bits.
  test('one bit each, the first token in the lowest bit', () => {
    const list = createTokenStatuses(1, 16)
    for (const [index, status] of [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1].entries()) {
      writeTokenStatus(list, index, status)
    }
    expect([...list.bytes]).toEqual([0xb9, 0xa3])
  })

  test('two bits each', () => {
    const list = createTokenStatuses(2, 12)
    const values = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
    for (const [index, status] of values.entries()) writeTokenStatus(list, index, status)
    expect([...list.bytes]).toEqual([0xc9, 0x44, 0xf9])
    expect(values.map((_, index) => readTokenStatus(list, index))).toEqual(values)
  })

  test('a status is written over the one before, and leaves its neighbours', () => {
    const list = createTokenStatuses(4, 4)
    for (const index of [0, 1, 2, 3]) writeTokenStatus(list, index, 15)
    writeTokenStatus(list, 1, 2)
    expect([0, 1, 2, 3].map((index) => readTokenStatus(list, index))).toEqual([15, 2, 15, 15])
  })

  test.each([-1, 1024, 0.5, Number.NaN, 2 ** 53])('there is no token at %d', (index) => {
    expect(() => readTokenStatus(statuses, index)).toThrow(RangeError)
    expect(() => writeTokenStatus(statuses, index, 1)).toThrow(RangeError)
  })

  test('a status that does not fit, a list that is no whole bytes', () => {
    expect(() => writeTokenStatus(statuses, 0, 2)).toThrow(RangeError)
    expect(() => writeTokenStatus(statuses, 0, -1)).toThrow(RangeError)
    expect(() => createTokenStatuses(1, 7)).toThrow(TypeError)
    expect(() => createTokenStatuses(1, 0)).toThrow(TypeError)
    expect(() => createTokenStatuses(8, 1_048_577)).toThrow(TypeError)
  })
})

describe.each([
  ['node:zlib', nodeGzip],
  ['pako', portableGzip],
] as const)('ZLIB on %s', (_, backend) => {
  const content = new Uint8Array(5000).fill(7)
  const stream = backend.compressZlib(content)

  test('undoes what each backend compresses', () => {
    for (const other of [nodeGzip, portableGzip]) {
      expect(backend.decompressZlib(other.compressZlib(content), 5000)).toEqual(content)
    }
  })

  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['a cut end', stream.subarray(0, -1)],
    ['a byte after it', concatBytes(stream, Uint8Array.of(0))],
    ['another stream after it', concatBytes(stream, stream)],
    ['gzip', new Uint8Array(gzipSync(content))],
    ['a wrong checksum', concatBytes(stream.subarray(0, -1), Uint8Array.of((stream.at(-1) ?? 0) ^ 1))],
    ['a preset dictionary', new Uint8Array(deflateSync(content, { dictionary: Buffer.from('a') }))],
  ])('refuses %s', (_name, bytes) => {
    expect(backend.decompressZlib(bytes, 5000)).toBeUndefined()
  })

  test('holds no more than it may', () => {
    expect(backend.decompressZlib(stream, 4999)).toBeUndefined()
  })
})

describe('signTokenStatusList', () => {
  test('writes the claims of the specification', () => {
    expect(header).toEqual({ alg: 'EdDSA', kid: KID, typ: 'statuslist+jwt' })
    expect(payload).toMatchObject({
      iss: AUTHORITY,
      sub: URI,
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
      ttl: 30,
    })
    expect(payload['status_list']).toMatchObject({ bits: 1 })
  })

  test('refuses a list without a life', async () => {
    await expect(signTokenStatusList({ ...SIGNED, expiresAt: NOW })).rejects.toThrow(TypeError)
    await expect(signTokenStatusList({ ...SIGNED, ttlSeconds: 0 })).rejects.toThrow(TypeError)
    await expect(signTokenStatusList({ ...SIGNED, ttlSeconds: 1.5 })).rejects.toThrow(TypeError)
  })
})

describe('verifyTokenStatusList', () => {
  test('says what was signed', () => {
    const list = verifyTokenStatusList(jws, OPTIONS)
    expect(list).toMatchObject({
      uri: URI,
      issuer: AUTHORITY,
      issuedAt: NOW,
      expiresAt: NOW + MINUTE,
      ttlSeconds: 30,
      length: 1024,
    })
    expect([8, 9, 10].map((index) => list.statusAt(index))).toEqual([0, 1, 0])
    expect(() => list.statusAt(1024)).toThrow(RangeError)
  })

  test.each<[string, JsonValue | undefined]>([
    ['iss', undefined],
    ['iss', 'https://other.test'],
    ['sub', undefined],
    ['sub', `${URI}0`],
    ['iat', undefined],
    ['iat', NOW / 1000 + 6],
    ['exp', undefined],
    ['exp', NOW / 1000],
    ['ttl', undefined],
    ['ttl', 0],
    ['nbf', 0],
    ['status_list', undefined],
    ['status_list.bits', undefined],
    ['status_list.bits', 3],
    ['status_list.lst', undefined],
    ['status_list.lst', '!'],
    ['status_list.lst', encodeBase64url(new Uint8Array(gzipSync('x')))],
    ['status_list.lst', encodeBase64url(new Uint8Array(deflateSync('')))],
    ['status_list.lst', encodeBase64url(new Uint8Array(deflateSync(new Uint8Array(1_048_577))))],
    ['status_list.aggregation_uri', 'https://x.test'],
  ])('%s: %j', async (path, value) => {
    expect(await codeFor(path, value)).toBe('status_invalid')
  })

  test('another type, another key, a signature by another', async () => {
    expect(await codeFor('ttl', 30)).toBe('ok')
    expect(await codeFor('ttl', 30, { typ: 'vc+jwt' })).toBe('status_invalid')
    expect(await codeFor('ttl', 30, { kid: 'x' })).toBe('status_invalid')
    const forged = await signUnchecked(payload, otherIssuer, { typ: 'statuslist+jwt', kid: KID })
    expect(codeOf(() => verifyTokenStatusList(forged, OPTIONS))).toBe('status_invalid')
  })

  test('a time that is none is an error', () => {
    expect(() => verifyTokenStatusList(jws, { ...OPTIONS, now: Number.NaN })).toThrow(TypeError)
  })
})
