import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createEd25519Signer,
  encodeBase64url,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@behalf/core'
import { signCompactJws, type TokenStatusList, tokenKeyId, verifyTokenStatusList } from '@behalf/credential'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

const NOW = Date.UTC(2026, 10, 24)
const URI = 'https://example.com/statuslists/1'
const ISSUER = 'https://example.com'
const signer = createEd25519Signer(new Uint8Array(32).fill(7))
const kid = tokenKeyId(signer.publicKey)

/** Returns the list of the specification inside a token that a key of ours signed: theirs is signed with ES256. */
async function readList(bits: JsonValue, lst: JsonValue): Promise<TokenStatusList> {
  const seconds = NOW / 1000
  const jws = await signCompactJws({
    header: { typ: 'statuslist+jwt', kid },
    payload: {
      iss: ISSUER,
      sub: URI,
      iat: seconds,
      exp: seconds + 60,
      ttl: 43_200,
      status_list: { bits, lst },
    },
    signer,
  })
  return verifyTokenStatusList(jws, { uri: URI, issuer: ISSUER, keys: () => signer.publicKey, now: NOW })
}

describeNeeding('vectors', 'Token Status List: the vectors of the specification', () => {
  const file = join(vectorsFolder(), 'token-status-list', 'status_list_vectors.json')
  const cases = asList(asObject(parseJson(readFileSync(file)))['cases']).map(asObject)

  test('there are six', () => {
    expect(cases).toHaveLength(6)
  })

  test.each(cases.filter(({ status }) => status !== undefined))(
    '$bits bits, 1,048,576 tokens',
    async (one) => {
      const list = await readList(one['bits'] ?? null, one['lst'] ?? null)
      const expected = new Map(
        Object.entries(asObject(one['status'])).map(([index, status]) => [Number(index), status]),
      )
      expect(list.length).toBe(one['size'])
      const wrong = Array.from({ length: list.length }, (_, index) => index).filter(
        (index) => list.statusAt(index) !== (expected.get(index) ?? one['all_other']),
      )
      expect(wrong).toEqual([])
    },
  )

  test.each(cases.filter((one) => one['byte_array'] !== undefined))(
    '$bits bits, given as bytes',
    async (one) => {
      const bits = Number(one['bits'])
      const list = await readList(bits, one['lst'] ?? null)
      const bytes = asList(one['byte_array']).map(Number)
      // From the text of section 4.1: the bits of each byte, least significant first, cut into statuses.
      const written = bytes.flatMap((byte) =>
        [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => Math.floor(byte / 2 ** bit) % 2),
      )
      const expected = Array.from({ length: written.length / bits }, (_, index) =>
        written
          .slice(index * bits, (index + 1) * bits)
          .reduce((sum, bit, place) => sum + bit * 2 ** place, 0),
      )
      expect(expected.map((_, index) => list.statusAt(index))).toEqual(expected)
    },
  )

  test('what the other bit order or wrapper would read is not it', async () => {
    await expect(readList(1, encodeBase64url(Uint8Array.of(0xb9, 0xa3)))).rejects.toMatchObject({
      code: 'status_invalid',
    })
    expect((await readList(1, 'eNrbuRgAAhcBXQ')).statusAt(1)).toBe(0)
  })
})

function asObject(value: JsonValue | undefined): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('Not an object')
  return value
}

function asList(value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new TypeError('Not a list')
  return value
}
