import { encodeUtf8 } from '@behalf/core'
import { DELEGATION_TAG, type ReadSignature, readSignature, verifySignature } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import {
  COMPONENTS,
  codeOf,
  list,
  otherSigner,
  parameters,
  request,
  signAs,
  signed,
  signer,
  withFields,
} from './fixtures.ts'

const options = { tag: DELEGATION_TAG, hasBody: true }

async function readSigned(): Promise<ReadSignature> {
  return readSignature(await signed(), options)
}

describe('verifySignature', () => {
  test('accepts the signature of this key over this base', async () => {
    const signature = await readSigned()
    expect(codeOf(() => verifySignature(signature, signer.publicKey))).toBe('ok')
  })

  test('refuses another key, another base, another signature', async () => {
    const signature = await readSigned()
    const flipped = Uint8Array.from(signature.signature, (byte, index) => (index === 0 ? byte ^ 1 : byte))
    expect(codeOf(() => verifySignature(signature, otherSigner.publicKey))).toBe('signature_invalid')
    expect(
      codeOf(() => verifySignature({ ...signature, base: `${signature.base} ` }, signer.publicKey)),
    ).toBe('signature_invalid')
    expect(codeOf(() => verifySignature({ ...signature, signature: flipped }, signer.publicKey))).toBe(
      'signature_invalid',
    )
  })

  test('refuses keys under which anything verifies, and bytes that are no key', async () => {
    const signature = await readSigned()
    const identity = new Uint8Array(32)
    identity[0] = 1
    const universal = new Uint8Array(64)
    universal[0] = 1
    expect(codeOf(() => verifySignature({ ...signature, signature: universal }, identity))).toBe(
      'signature_invalid',
    )
    expect(codeOf(() => verifySignature(signature, new Uint8Array(31)))).toBe('signature_invalid')
  })

  test('refuses a text outside ASCII even when the signature fits one of its spellings', async () => {
    const message = withFields(request, ['X-A', 'caf\u00e9'])
    const read = readSignature(await signAs(list([...COMPONENTS, 'x-a']) + parameters(), message), options)
    expect(read.base).toContain('caf\u00e9')
    expect(codeOf(() => verifySignature(read, signer.publicKey))).toBe('signature_invalid')
    const latin1 = await signer.sign(Uint8Array.from(read.base, (character) => character.charCodeAt(0)))
    expect(codeOf(() => verifySignature({ ...read, signature: latin1 }, signer.publicKey))).toBe(
      'signature_invalid',
    )
  })

  test.each([16_383, 16_384, 16_385, 40_000])('reads all of a text of %i characters', async (length) => {
    const base = 'x'.repeat(length)
    const read = { ...(await readSigned()), base, signature: await signer.sign(encodeUtf8(base)) }
    expect(codeOf(() => verifySignature(read, signer.publicKey))).toBe('ok')
    const longer = { ...read, base: `${base}y` }
    expect(codeOf(() => verifySignature(longer, signer.publicKey))).toBe('signature_invalid')
  })

  test.each([1, 16_384, 20_000])(
    'refuses a text whose %ith character alone is outside ASCII',
    async (length) => {
      const start = 'x'.repeat(length - 1)
      const cutOff = {
        ...(await readSigned()),
        base: `${start}é`,
        signature: await signer.sign(encodeUtf8(start)),
      }
      expect(codeOf(() => verifySignature(cutOff, signer.publicKey))).toBe('signature_invalid')
      const whole = { ...cutOff, signature: await signer.sign(encodeUtf8(cutOff.base)) }
      expect(codeOf(() => verifySignature(whole, signer.publicKey))).toBe('signature_invalid')
    },
  )

  test('refuses a text that has no encoding', async () => {
    const signature = {
      ...(await readSigned()),
      base: '\ud800',
      signature: await signer.sign(encodeUtf8('\ufffd')),
    }
    expect(codeOf(() => verifySignature(signature, signer.publicKey))).toBe('signature_invalid')
  })
})
