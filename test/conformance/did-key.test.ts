import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEd25519Signer, decodeHex } from '@behalf/core'
import {
  createDidResolver,
  DidError,
  decodeDidKey,
  decodeDidKeyUrl,
  encodeDidKey,
  encodeDidKeyUrl,
} from '@behalf/did'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

interface MultikeyFile {
  readonly dids_ed25519: readonly string[]
  readonly document_with_x25519: {
    readonly id: string
    readonly verificationMethod: readonly unknown[]
    readonly authentication: readonly string[]
    readonly assertionMethod: readonly string[]
    readonly capabilityDelegation: readonly string[]
    readonly capabilityInvocation: readonly string[]
    readonly keyAgreement: readonly { readonly id: string }[]
  }
}

interface NegativeFile {
  readonly valid_did: string
  readonly derived_x25519_vm: string
  readonly negative: readonly { readonly did: string; readonly error: string }[]
}

describeNeeding('vectors', 'did:key against published vectors', () => {
  const resolver = createDidResolver()

  test('the 5 seeds become their DIDs and documents', async () => {
    const vectors = Object.entries(readJson<Record<string, { seed: string }>>('ed25519-x25519.json'))
    expect(vectors).toHaveLength(5)
    for (const [did, { seed }] of vectors) {
      const { publicKey } = createEd25519Signer(decodeHex(seed))
      expect(encodeDidKey(publicKey)).toBe(did)
      expect(decodeDidKey(did)).toEqual(publicKey)
      const { verificationMethod } = await resolver.resolve(did)
      expect(verificationMethod).toMatchObject([
        { id: encodeDidKeyUrl(did), type: 'Multikey', controller: did, publicKey },
      ])
    }
  })

  test('the Multikey document of the specification, without key agreement', async () => {
    const { dids_ed25519, document_with_x25519 } = readJson<MultikeyFile>(
      'did_key_spec_multikey_2025-11.json',
    )
    for (const did of dids_ed25519) expect(encodeDidKey(decodeDidKey(did))).toBe(did)
    const { id, verificationMethod, authentication, assertionMethod, ...rest } = document_with_x25519
    const { capabilityDelegation, capabilityInvocation } = rest
    const resolved = await resolver.resolve(id)
    expect(resolved).toMatchObject({
      id,
      authentication,
      assertionMethod,
      capabilityDelegation,
      capabilityInvocation,
    })
    expect(resolved.verificationMethod).toMatchObject(verificationMethod)
    expect(resolved.verificationMethod).toHaveLength(verificationMethod.length)
  })

  test('the derived key agreement key is not a key of ours', () => {
    const { keyAgreement } = readJson<MultikeyFile>('did_key_spec_multikey_2025-11.json').document_with_x25519
    for (const { id } of keyAgreement) expect(codeOf(() => decodeDidKeyUrl(id))).toBe('key_invalid')
    const { derived_x25519_vm } = readJson<NegativeFile>('did_key_negative.json')
    expect(codeOf(() => decodeDidKeyUrl(derived_x25519_vm))).toBe('key_invalid')
  })

  test('the 7 negative rows are refused, another method by its own code', async () => {
    const { negative, valid_did } = readJson<NegativeFile>('did_key_negative.json')
    expect(negative).toHaveLength(7)
    expect(decodeDidKey(valid_did)).toHaveLength(32)
    for (const { did, error } of negative) {
      const expected = error === 'methodNotSupported' ? 'keyid_unsupported' : 'key_invalid'
      expect([did, codeOf(() => decodeDidKey(did))]).toEqual([did, expected])
      expect([did, codeOf(() => decodeDidKeyUrl(did))]).toEqual([did, expected])
      await expect(resolver.resolve(did)).rejects.toMatchObject({ code: expected })
    }
  })

  test.each(['x25519.json', 'nist-curves.json', 'secp256k1.json'])(
    'no key of another type is accepted: %s',
    async (name) => {
      const dids = new Set(readFileSync(path(name), 'utf8').match(/did:key:z[1-9A-HJ-NP-Za-km-z]+/gu))
      expect(dids.size).toBeGreaterThan(0)
      for (const did of dids) {
        expect([did, codeOf(() => decodeDidKey(did))]).toEqual([did, 'key_invalid'])
        await expect(resolver.resolve(did)).rejects.toMatchObject({ code: 'key_invalid' })
      }
    },
  )
})

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return error instanceof DidError ? error.code : String(error)
  }
  return 'accepted'
}

function readJson<File>(name: string): File {
  return JSON.parse(readFileSync(path(name), 'utf8'))
}

function path(name: string): string {
  return join(vectorsFolder(), 'did-key', name)
}
