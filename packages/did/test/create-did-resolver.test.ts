import { base58btc } from 'multiformats/bases/base58'
import { describe, expect, test } from 'vitest'
import { createDidResolver } from '../src/create-did-resolver.ts'
import { encodeDidKey, encodeDidKeyUrl } from '../src/did-key.ts'
import { didOfBytes, keyOf, SENTENCE } from './support/keys.ts'

const KEY = keyOf(1)
const DID = encodeDidKey(KEY)
const ID = encodeDidKeyUrl(DID)
const OTHER_DID = encodeDidKey(keyOf(2))
const OTHER_ID = encodeDidKeyUrl(OTHER_DID)
const RELATIONSHIPS = [
  'assertionMethod',
  'authentication',
  'capabilityInvocation',
  'capabilityDelegation',
] as const

const METHOD = {
  id: ID,
  type: 'Ed25519VerificationKey2018',
  controller: DID,
  publicKeyBase58: base58btc.baseEncode(KEY),
}
const DOCUMENT = {
  id: DID,
  verificationMethod: [METHOD],
  assertionMethod: [ID],
  authentication: [ID],
  capabilityInvocation: [ID],
  capabilityDelegation: [ID],
}

test('resolves a did:key to one Multikey that may be used for everything but key agreement', async () => {
  expect(await createDidResolver().resolve(DID)).toEqual({
    ...DOCUMENT,
    verificationMethod: [
      {
        id: ID,
        type: 'Multikey',
        controller: DID,
        publicKeyMultibase: DID.slice('did:key:'.length),
        publicKey: KEY,
      },
    ],
  })
})

test('the document that the rows below change is accepted as it is', async () => {
  expect(await resolveTo({ didDocument: DOCUMENT, didResolutionMetadata: {} })).toEqual(
    await createDidResolver().resolve(DID),
  )
})

test.each([
  ['keyid_unsupported', 'did:web:example.com'],
  ['keyid_unsupported', 'did:web:[::1]'],
  ['key_invalid', ID],
  ['key_invalid', `${DID}?versionId=1`],
  ['key_invalid', didOfBytes(0xed, 0x01, 1, ...new Uint8Array(31))],
  ['key_invalid', 'DID:KEY:z6Mk'],
])('%s for %s, without asking the resolver', async (code, did) => {
  const resolver = createDidResolver({ resolve: () => Promise.reject(new Error('asked')) })
  await expect(resolver.resolve(did)).rejects.toMatchObject({ name: 'DidError', code })
})

describe('resolution_invalid', () => {
  const changedMethod = (change: object): object => ({
    ...DOCUMENT,
    verificationMethod: [{ ...METHOD, ...change }],
  })

  test.each<[string, unknown]>([
    ['no result', undefined],
    ['an empty result', {}],
    ['no document', { didDocument: null, didResolutionMetadata: {} }],
    ['a document that is an array', { didDocument: [DOCUMENT], didResolutionMetadata: {} }],
    ['no metadata', { didDocument: DOCUMENT }],
    ['an error beside a document', { didDocument: DOCUMENT, didResolutionMetadata: { error: 'notFound' } }],
  ])('%s', async (_, result) => {
    await expectRefusal(result)
  })

  test.each<[string, object]>([
    ['another id', { ...DOCUMENT, id: OTHER_DID }],
    ['the id with a fragment', { ...DOCUMENT, id: ID }],
    ['no verification method', { ...DOCUMENT, verificationMethod: [] }],
    ['no list of verification methods', { ...DOCUMENT, verificationMethod: METHOD }],
    [
      'a second verification method',
      { ...DOCUMENT, verificationMethod: [METHOD, { ...METHOD, id: OTHER_ID }] },
    ],
    ['a verification method by reference', { ...DOCUMENT, verificationMethod: [ID] }],
    ['a verification method of another id', changedMethod({ id: OTHER_ID })],
    ['a verification method with another controller', changedMethod({ controller: OTHER_DID })],
    ['a verification method of another type', changedMethod({ type: 'X25519KeyAgreementKey2019' })],
    ['another key', changedMethod({ publicKeyBase58: base58btc.baseEncode(keyOf(2)) })],
    [
      'a key with a byte more',
      changedMethod({ publicKeyBase58: base58btc.baseEncode(Uint8Array.of(...KEY, 0)) }),
    ],
    ['a key that is not base58', changedMethod({ publicKeyBase58: 'O0Il' })],
    ['no key', changedMethod({ publicKeyBase58: undefined })],
  ])('%s', async (_, didDocument) => {
    await expectRefusal({ didDocument, didResolutionMetadata: {} })
  })

  test.each(RELATIONSHIPS)('%s is missing, empty, of another key, embedded or longer', async (name) => {
    for (const value of [undefined, [], ID, [OTHER_ID], [METHOD], [ID, OTHER_ID]]) {
      await expectRefusal({ didDocument: { ...DOCUMENT, [name]: value }, didResolutionMetadata: {} })
    }
  })

  test('a resolver that throws, whose error stays the cause', async () => {
    const cause = new Error('connection refused by 10.0.0.1')
    const resolver = createDidResolver({ resolve: () => Promise.reject(cause) })
    await expect(resolver.resolve(DID)).rejects.toMatchObject({
      code: 'resolution_invalid',
      message: 'The resolver failed',
      cause,
    })
  })
})

function resolveTo(result: unknown): Promise<unknown> {
  return createDidResolver({ resolve: () => Promise.resolve(result) }).resolve(DID)
}

async function expectRefusal(result: unknown): Promise<void> {
  await expect(resolveTo(result)).rejects.toMatchObject({
    name: 'DidError',
    code: 'resolution_invalid',
    message: expect.stringMatching(SENTENCE),
  })
}
