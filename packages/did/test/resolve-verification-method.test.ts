import { describe, expect, test } from 'vitest'
import { createDidResolver } from '../src/create-did-resolver.ts'
import type { DidDocument, DidResolver, VerificationMethod } from '../src/did-document.ts'
import { encodeDidKey, encodeDidKeyUrl } from '../src/did-key.ts'
import { DidError } from '../src/error.ts'
import { resolveVerificationMethod } from '../src/resolve-verification-method.ts'
import { keyOf, SENTENCE } from './support/keys.ts'

const KEY = keyOf(1)
const MULTIKEY = encodeDidKey(KEY).slice('did:key:'.length)
const OTHER_KEY = keyOf(2)

// A DID of a method whose documents may hold several keys.
const DID = 'did:example:issuer'
const ID = `${DID}#key-1`
const METHOD: VerificationMethod = {
  id: ID,
  type: 'Multikey',
  controller: DID,
  publicKeyMultibase: MULTIKEY,
  publicKey: KEY,
}
const SECOND: VerificationMethod = { ...METHOD, id: `${DID}#key-2` }
const DOCUMENT: DidDocument = {
  id: DID,
  verificationMethod: [SECOND, METHOD],
  assertionMethod: [ID, SECOND.id],
  authentication: [SECOND.id],
  capabilityInvocation: [],
  capabilityDelegation: [],
}

test('a did:key is allowed for each relationship', async () => {
  const did = encodeDidKey(KEY)
  const resolver = createDidResolver()
  for (const relationship of [
    'assertionMethod',
    'authentication',
    'capabilityInvocation',
    'capabilityDelegation',
  ] as const) {
    const method = await resolveVerificationMethod(encodeDidKeyUrl(did), { resolver, relationship })
    expect(method).toMatchObject({
      id: encodeDidKeyUrl(did),
      type: 'Multikey',
      controller: did,
      publicKey: KEY,
    })
  }
})

test('the fragment picks the key', async () => {
  expect(await resolveIn(DOCUMENT, ID)).toBe(METHOD)
  expect(await resolveIn(DOCUMENT, SECOND.id)).toBe(SECOND)
})

test('the resolver is asked for the DID without its fragment', async () => {
  const asked: string[] = []
  const resolver: DidResolver = {
    resolve: (did) => {
      asked.push(did)
      return Promise.resolve(DOCUMENT)
    },
  }
  await resolveVerificationMethod(ID, { resolver, relationship: 'assertionMethod' })
  expect(asked).toEqual([DID])
})

test.each([DID, `${DID}#`, `${DID}#a#b`, `${DID}?q#key-1`, `${DID}/p#key-1`, 'key-1', '#key-1', ''])(
  'key_invalid for %j, without resolving',
  async (didUrl) => {
    await expect(resolveIn(undefined, didUrl)).rejects.toMatchObject({
      name: 'DidError',
      code: 'key_invalid',
    })
  },
)

describe('resolution_invalid', () => {
  const withMethod = (change: Partial<VerificationMethod>): DidDocument => ({
    ...DOCUMENT,
    verificationMethod: [{ ...METHOD, ...change }],
  })

  test.each<[string, DidDocument]>([
    ['a document of another DID', { ...DOCUMENT, id: 'did:example:other' }],
    ['a key that is not listed', { ...DOCUMENT, verificationMethod: [SECOND] }],
    [
      'a key that is listed twice',
      { ...DOCUMENT, verificationMethod: [METHOD, { ...METHOD, publicKey: OTHER_KEY }] },
    ],
    ['a key of another controller', withMethod({ controller: 'did:example:other' })],
    ['a key that is not listed for this use', { ...DOCUMENT, assertionMethod: [SECOND.id] }],
    ['bytes that differ from the text', withMethod({ publicKey: OTHER_KEY })],
    // @ts-expect-error what a resolver without types may return
    ['another type', withMethod({ type: 'Ed25519VerificationKey2018' })],
  ])('%s', async (_, document) => {
    await expect(resolveIn(document, ID)).rejects.toMatchObject({
      name: 'DidError',
      code: 'resolution_invalid',
      message: expect.stringMatching(SENTENCE),
    })
  })

  test('a key that is listed for another use only', async () => {
    await expect(resolveIn(DOCUMENT, ID, 'authentication')).rejects.toMatchObject({
      code: 'resolution_invalid',
    })
    await expect(resolveIn(DOCUMENT, ID, 'capabilityDelegation')).rejects.toMatchObject({
      code: 'resolution_invalid',
    })
  })
})

// The long one would take minutes to decode: it must be refused by its length.
test.each([`z${'1'.repeat(47)}`, `z${'z'.repeat(47)}`, `z${'z'.repeat(400_000)}`, ''])(
  'a key that is no key is key_invalid (%#)',
  async (publicKeyMultibase) => {
    const document = { ...DOCUMENT, verificationMethod: [{ ...METHOD, publicKeyMultibase }] }
    await expect(resolveIn(document, ID)).rejects.toMatchObject({ code: 'key_invalid' })
  },
)

test('what the resolver throws is passed on', async () => {
  const error = new DidError('keyid_unsupported', 'no')
  const resolver: DidResolver = { resolve: () => Promise.reject(error) }
  await expect(resolveVerificationMethod(ID, { resolver, relationship: 'assertionMethod' })).rejects.toBe(
    error,
  )
})

function resolveIn(
  document: DidDocument | undefined,
  didUrl: string,
  relationship: 'assertionMethod' | 'authentication' | 'capabilityDelegation' = 'assertionMethod',
): Promise<VerificationMethod> {
  const resolve = (): Promise<DidDocument> =>
    document === undefined ? Promise.reject(new Error('asked')) : Promise.resolve(document)
  return resolveVerificationMethod(didUrl, { resolver: { resolve }, relationship })
}
