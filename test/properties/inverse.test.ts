import {
  canonicalizeJson,
  createEd25519Signer,
  decodeBase64,
  decodeBase64url,
  decodeHex,
  digestSha256,
  encodeBase64,
  encodeBase64url,
  encodeEd25519Jwk,
  encodeHex,
  parseEd25519Jwk,
  parseJson,
} from '@behalf/core'
import {
  createBitstring,
  createDelegationPayload,
  type DelegationTerms,
  parseCapabilities,
  parseDelegation,
  serializeCapabilities,
  signDelegation,
  signHeartbeat,
  signStatusList,
  verifyHeartbeat,
  verifyStatusList,
  writeBit,
} from '@behalf/credential'
import { decodeDidKey, decodeDidKeyUrl, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import {
  createContentDigest,
  indexFields,
  parseAcceptSignature,
  parseDictionary,
  parseItem,
  parseList,
  parseSignatureError,
  parseSignatureKey,
  parseSignatureKeyCache,
  parseStringList,
  type SignatureKey,
  serializeAcceptSignature,
  serializeDictionary,
  serializeItem,
  serializeList,
  serializeSignatureError,
  serializeSignatureKey,
  serializeSignatureKeyCache,
  verifyContentDigest,
} from '@behalf/http-signature'
import { didKeyIssuerKeys } from '@behalf/verifier'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { generateCapability } from '../../packages/credential/test/support/capability-generator.ts'
import { createRandom } from '../../packages/credential/test/support/random.ts'
import { parseAgentContext } from '../../packages/verifier/src/agent-context.ts'
import { serializeAgentContext } from '../../packages/wallet/src/agent-context.ts'
import { jsonValue, sfItem, sfKey, sfMember } from './arbitraries.ts'
import { delegationTerms } from './arbitrary-terms.ts'

const SEED = 20_261_201
const NOW = Date.UTC(2026, 11, 1, 12)
const signer = createEd25519Signer(new Uint8Array(32).fill(9))
const issuer = encodeDidKey(signer.publicKey)
const kid = encodeDidKeyUrl(issuer)

/** Holds for that many values; the same ones every time. */
function forAll<Value>(values: fc.Arbitrary<Value>, check: (value: Value) => void, numRuns = 500): void {
  const property = fc.property(values, (value) => {
    check(value)
  })
  fc.assert(property, { seed: SEED, numRuns })
}

const capabilities = fc.nat().map((seed) => {
  const random = createRandom(seed)
  return Array.from({ length: 1 + random.below(3) }, () => generateCapability(random))
})
const publicKey = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((seed) => createEd25519Signer(seed).publicKey)

describe('what is spelled is read as it was', () => {
  test('structured fields', () => {
    forAll(sfItem, (item) => expect(parseItem(serializeItem(item)).item).toEqual(item))
    forAll(fc.array(sfMember), (list) => expect(parseList(serializeList(list)).members).toEqual(list))
    const dictionary = fc
      .uniqueArray(fc.tuple(sfKey, sfMember), { selector: ([key]) => key })
      .map((entries) => new Map(entries))
    forAll(dictionary, (members) => {
      const { members: read, repeatedKeys } = parseDictionary(serializeDictionary(members))
      expect([...read]).toEqual([...members])
      expect(repeatedKeys).toEqual([])
    })
  })

  test('JSON, in its canonical spelling and in that of JSON.stringify', () => {
    forAll(jsonValue, (value) => {
      expect(parseJson(canonicalizeJson(value))).toEqual(value)
      expect(parseJson(JSON.stringify(value, null, 2))).toEqual(value)
      expect(canonicalizeJson(parseJson(JSON.stringify(value)))).toBe(canonicalizeJson(value))
      expect(JSON.parse(canonicalizeJson(value))).toEqual(value)
    })
  })

  test('bytes and keys', () => {
    forAll(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      expect(decodeBase64url(encodeBase64url(bytes))).toEqual(bytes)
      expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
      expect(decodeHex(encodeHex(bytes))).toEqual(bytes)
    })
    const check = (key: Uint8Array): void => {
      const did = encodeDidKey(key)
      expect(decodeDidKey(did)).toEqual(key)
      expect(decodeDidKeyUrl(encodeDidKeyUrl(did))).toEqual({ did, publicKey: key })
      expect(parseEd25519Jwk({ ...encodeEd25519Jwk(key) })).toEqual(key)
    }
    forAll(publicKey, check, 50)
  })

  test('the fields of a signed request', () => {
    const key: fc.Arbitrary<SignatureKey> = fc.oneof(
      fc.tuple(sfKey, fc.boolean()).map(([jwt, cache]) => ({ scheme: 'jwt', jwt, cache }) as const),
      publicKey.map((bytes) => ({ scheme: 'hwk', publicKey: bytes }) as const),
      sfKey.map((cid) => ({ scheme: 'cached', cid }) as const),
    )
    const checkKey = ([label, value]: [string, SignatureKey]): void => {
      const line = ['Signature-Key', serializeSignatureKey(label, value)] as const
      expect(parseSignatureKey([line], label)).toEqual(value)
    }
    forAll(fc.tuple(sfKey, key), checkKey, 100)
    forAll(fc.array(sfKey, { minLength: 1 }), (links) => {
      const line = ['Delegation-Chain', links.map((link) => `"${link}"`).join(', ')] as const
      expect(parseStringList([line], 'delegation-chain')).toEqual(links)
    })
    const text = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 256 })
    const context = fc.record(
      { run: text, model: text, tool: text, call: text, prompt: text },
      { requiredKeys: [] },
    )
    forAll(context, (said) => {
      const value = serializeAgentContext(said)
      const read = value === undefined ? {} : parseAgentContext(indexFields([['Agent-Context', value]]))
      const prompt = said.prompt === undefined ? {} : { prompt: digestSha256(said.prompt) }
      expect(read).toEqual({ ...said, ...prompt })
    })
    forAll(fc.uint8Array({ minLength: 1 }), (body) => {
      expect(() => verifyContentDigest([['Content-Digest', createContentDigest(body)]], body)).not.toThrow()
    })
  })

  test('the fields of an answer', () => {
    forAll(fc.tuple(sfKey, fc.array(sfKey), sfKey), ([label, components, tag]) => {
      const [read, more] = parseAcceptSignature(serializeAcceptSignature({ label, components, tag }))
      expect(read).toMatchObject({ label, components })
      expect(read?.params.get('tag')).toEqual({ type: 'string', value: tag })
      expect(more).toBeUndefined()
    })
    forAll(fc.array(sfKey), (requiredInput) => {
      const value = serializeSignatureError('invalid_input', { requiredInput })
      expect(parseSignatureError(value)).toEqual({ error: 'invalid_input', requiredInput })
    })
    const cache = fc.record({ cid: sfKey, jti: sfKey, expires: fc.integer({ min: 0, max: 99_999_999_999 }) })
    forAll(fc.tuple(sfKey, cache), ([label, told]) => {
      expect(parseSignatureKeyCache(serializeSignatureKeyCache(label, told), label)).toEqual(told)
    })
  })

  test('capabilities', () => {
    forAll(capabilities, (wire) => {
      const spelled = serializeCapabilities(parseCapabilities(wire))
      expect(spelled).toEqual(wire)
      expect(parseCapabilities(spelled)).toEqual(parseCapabilities(wire))
    })
  })

  test('delegations, and the terms they were made from', async () => {
    const check = async (terms: DelegationTerms): Promise<void> => {
      const payload = createDelegationPayload(terms, NOW)
      const delegation = parseDelegation(await signDelegation(payload, { signer, kid }))
      const { publicKey: _, digest, jws, kid: signedWith, issuedAt, ...read } = delegation
      expect(read).toEqual({ maxDelegationDepth: 0, ...terms })
      expect([signedWith, issuedAt, jws.length > 0, digest.length]).toEqual([kid, NOW, true, 51])
      expect(createDelegationPayload({ ...delegation, ...read }, issuedAt)).toEqual({
        ...payload,
        credentialSubject: { maxDelegationDepth: 0, ...Object(payload.credentialSubject) },
      })
    }
    await fc.assert(fc.asyncProperty(delegationTerms(issuer), check), { seed: SEED, numRuns: 200 })
  })
})

describe('what an issuer publishes is read as it was', () => {
  test('status lists', async () => {
    const indices = fc.uniqueArray(fc.nat({ max: 131_071 }), { maxLength: 60 })
    const check = async (revoked: readonly number[]): Promise<void> => {
      const bits = createBitstring()
      for (const index of revoked) writeBit(bits, index, true)
      const id = 'https://authority.test/status/lists/1'
      const terms = { id, issuer, kid, purpose: 'revocation', bits, version: 1 } as const
      const jws = await signStatusList({ ...terms, now: NOW, validUntil: NOW + 60_000, signer })
      const list = verifyStatusList(jws, { id, issuer, issuers: didKeyIssuerKeys, now: NOW })
      const set = Array.from({ length: list.length }, (_, index) => index).filter((index) =>
        list.isSet(index),
      )
      expect(set).toEqual(revoked.toSorted((one, other) => one - other))
    }
    await fc.assert(fc.asyncProperty(indices, check), { seed: SEED, numRuns: 15 })
  })

  test('heartbeats', async () => {
    const numbers = fc.record({ epoch: fc.nat(), sequence: fc.nat(), version: fc.integer({ min: 1 }) })
    const check = async ({
      epoch,
      sequence,
      version,
    }: {
      epoch: number
      sequence: number
      version: number
    }): Promise<void> => {
      const lists = [
        { id: `https://authority.test/${sequence}`, version, digest: `sha-256:${'A'.repeat(43)}` },
      ]
      const said = { issuer, epoch, sequence, lists, revokedKeys: [issuer] }
      const jws = await signHeartbeat({ ...said, now: NOW - epoch, kid, signer })
      const heartbeat = verifyHeartbeat(jws, { issuer, issuers: didKeyIssuerKeys, now: NOW })
      expect(heartbeat).toMatchObject({ ...said, time: NOW - epoch })
    }
    await fc.assert(fc.asyncProperty(numbers, check), { seed: SEED, numRuns: 50 })
  })
})
