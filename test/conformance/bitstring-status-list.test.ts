import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createEd25519Signer, isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import {
  CredentialError,
  checkDelegationStatus,
  createBitstring,
  createDelegationPayload,
  type Delegation,
  parseCompactJws,
  parseDelegation,
  type StatusList,
  signCompactJws,
  signStatusList,
  verifyStatusList,
  writeBit,
} from '@behalf/credential'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

const NOW = Date.UTC(2026, 10, 24)
const LIST_URL = 'https://example.com/credentials/status/3'
const signer = createEd25519Signer(new Uint8Array(32).fill(7))
const issuer = encodeDidKey(signer.publicKey)
const kid = encodeDidKeyUrl(issuer)
const options = { id: LIST_URL, issuer, issuers: (): Uint8Array => signer.publicKey, now: NOW }

/** Signs an empty list of ours, in which the subject says what `subject` says. */
async function signList(subject: JsonObject = {}, bits = createBitstring()): Promise<string> {
  const terms = { id: LIST_URL, issuer, kid, purpose: 'revocation', version: 1, now: NOW } as const
  const ours = await signStatusList({ ...terms, bits, validUntil: NOW + 60_000, signer })
  const { payload } = parseCompactJws(ours, { maxBytes: ours.length })
  const credentialSubject = { ...asObject(payload['credentialSubject']), ...subject }
  const header = { typ: 'vc+jwt', kid }
  return await signCompactJws({ header, payload: { ...payload, credentialSubject }, signer })
}

/** Returns a delegation with this status entry, by a path on which nothing was left out. */
async function signWithEntry(credentialStatus: JsonValue): Promise<string> {
  const payload = createDelegationPayload(
    {
      id: 'urn:uuid:00000000-0000-4000-8000-000000000000',
      issuer,
      subject: encodeDidKey(createEd25519Signer(new Uint8Array(32).fill(8)).publicKey),
      onBehalfOf: { id: 'p' },
      capabilities: [],
      validFrom: NOW,
      validUntil: NOW + 60_000,
      status: {
        id: `${LIST_URL}#0`,
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex: '0',
        statusListCredential: LIST_URL,
      },
    },
    NOW,
  )
  return await signCompactJws({
    header: { typ: 'vc+jwt', kid },
    payload: { ...payload, credentialStatus },
    signer,
  })
}

describeNeeding('vectors', 'Bitstring Status List v1.0: the examples of the specification', () => {
  const examples = asList(
    parseJson(readFileSync(join(vectorsFolder(), 'bitstring-status-list', 'spec_examples.json'))),
  ).map(asObject)
  const parsed = examples.filter((example) => example['parsed'] === true)
  const credentials = parsed.map((example) => asObject(example['example']))
  const lists = credentials
    .map((credential) => asObject(credential['credentialSubject']))
    .filter((subject) => subject['encodedList'] !== undefined)
  const entries = credentials.flatMap(({ credentialStatus = [] }) =>
    (Array.isArray(credentialStatus) ? credentialStatus : [credentialStatus]).map(asObject),
  )

  test('four of the seven are whole, with two lists and three entries', () => {
    expect(examples).toHaveLength(7)
    expect(parsed).toHaveLength(4)
    expect(lists).toHaveLength(2)
    expect(entries).toHaveLength(3)
  })

  test('its lists have 131,072 entries, none of which is revoked', async () => {
    for (const subject of lists) {
      const list = verifyStatusList(await signList(subject), options)
      expect(list.length).toBe(131_072)
      expect(
        Array.from({ length: list.length }, (_, index) => index).filter((index) => list.isSet(index)),
      ).toEqual([])
    }
  })

  test('its revocation entries are read, the one for suspension is not ours', async () => {
    for (const entry of entries) {
      const jws = await signWithEntry(entry)
      if (entry['statusPurpose'] === 'revocation') {
        expect(parseDelegation(jws).status).toEqual(entry)
      } else {
        expect(codeOf(() => parseDelegation(jws))).toBe('status_invalid')
      }
    }
    expect(codeOf(() => parseDelegation(''))).toBe('credential_malformed')
  })

  test('an index of its entries, revoked in our list, is revoked', async () => {
    const [entry] = entries.filter((one) => one['statusPurpose'] === 'revocation')
    const delegation = parseDelegation(await signWithEntry(entry ?? null))
    const bits = createBitstring()
    const check = async (): Promise<string> => {
      const list = verifyStatusList(await signList({}, bits), options)
      return codeOf(() => checkDelegationStatus(delegation, { revocation: list, suspension: undefined }))
    }
    expect(await check()).toBe('ok')
    writeBit(bits, 94_566, true)
    writeBit(bits, 94_568, true)
    expect(await check()).toBe('ok')
    writeBit(bits, 94_567, true)
    expect(await check()).toBe('credential_revoked')
  })
})

test('what we write is read by plain gunzip, most significant bit first', async () => {
  const set = [0, 1, 7, 8, 94_567, 131_071]
  const bits = createBitstring()
  for (const index of set) writeBit(bits, index, true)
  const jws = await signList({}, bits)
  const { payload } = parseCompactJws(jws, { maxBytes: jws.length })
  const { encodedList } = asObject(payload['credentialSubject'])
  const [prefix = '', ...encoded] = typeof encodedList === 'string' ? encodedList : ''
  expect(prefix).toBe('u')
  const text = [...gunzipSync(Buffer.from(encoded.join(''), 'base64url'))]
    .map((byte) => byte.toString(2).padStart(8, '0'))
    .join('')
  expect([...text.matchAll(/1/gu)].map(({ index }) => index)).toEqual(set)
})

test.each([
  [0, ['0']],
  [7, ['7']],
  [8, ['8']],
])('bit %s of byte order: only index %j is revoked', async (index, expected) => {
  const bits = createBitstring()
  writeBit(bits, index, true)
  const list: StatusList = verifyStatusList(await signList({}, bits), options)
  const revoked: string[] = []
  for (const statusListIndex of ['0', '1', '6', '7', '8', '9', '15']) {
    const delegation: Delegation = parseDelegation(
      await signWithEntry({
        id: `${LIST_URL}#${statusListIndex}`,
        type: 'BitstringStatusListEntry',
        statusPurpose: 'revocation',
        statusListIndex,
        statusListCredential: LIST_URL,
      }),
    )
    if (
      codeOf(() => checkDelegationStatus(delegation, { revocation: list, suspension: undefined })) ===
      'credential_revoked'
    )
      revoked.push(statusListIndex)
  }
  expect(revoked).toEqual(expected)
})

function codeOf(act: () => unknown): string {
  try {
    act()
    return 'ok'
  } catch (error) {
    if (error instanceof CredentialError) return error.code
    throw error
  }
}

function asObject(value: JsonValue | undefined): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('The example is not an object')
  return value
}

function asList(value: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new TypeError('The examples are not a list')
  return value
}
