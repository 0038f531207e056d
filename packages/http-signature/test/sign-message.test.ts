import { createEd25519Signer } from '@behalf/core'
import {
  DELEGATION_TAG,
  HttpSignatureError,
  KEY_TAG,
  readSignature,
  type SignMessageOptions,
  signMessage,
  verifySignature,
} from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { COMPONENTS, CREATED, EXPIRES, KEYID, list, NONCE, request, signer, withFields } from './fixtures.ts'

const options: SignMessageOptions = {
  signer,
  label: 'sig',
  components: COMPONENTS,
  created: CREATED,
  expires: EXPIRES,
  nonce: NONCE,
  keyid: KEYID,
  tag: DELEGATION_TAG,
}

async function codeOfSigning(changes: Partial<SignMessageOptions>, message = request): Promise<string> {
  try {
    await signMessage(message, { ...options, ...changes })
    return 'ok'
  } catch (error) {
    if (error instanceof HttpSignatureError) return error.code
    expect(String(error)).toMatch(/^\w+: \w/)
    return error instanceof TypeError ? 'TypeError' : String(error)
  }
}

describe('signMessage', () => {
  test('writes the two fields', async () => {
    const fields = await signMessage(request, options)
    expect(fields.signatureInput).toBe(
      `sig=${list(COMPONENTS)};created=${CREATED};expires=${EXPIRES};nonce="${NONCE}";keyid="${KEYID}";tag="${DELEGATION_TAG}"`,
    )
    expect(fields.signature).toMatch(/^sig=:[A-Za-z0-9+/]{86}==:$/)
  })

  test('writes alg when it is asked to', async () => {
    const { signatureInput } = await signMessage(request, { ...options, alg: 'ed25519', tag: KEY_TAG })
    expect(signatureInput).toMatch(/;keyid="[^"]+";alg="ed25519";tag="agent-key"$/)
  })

  test('is undone by readSignature and verifySignature, with this key only', async () => {
    const { signatureInput, signature } = await signMessage(request, options)
    const message = withFields(request, ['Signature-Input', signatureInput], ['Signature', signature])
    const read = readSignature(message, { tag: DELEGATION_TAG, hasBody: true })
    expect(() => verifySignature(read, signer.publicKey)).not.toThrow()
    const stranger = createEd25519Signer(new Uint8Array(32).fill(9))
    expect(() => verifySignature(read, stranger.publicKey)).toThrow('does not verify')
  })

  test('signs responses, and messages of other shapes', async () => {
    const { signatureInput } = await signMessage(
      { kind: 'response', status: 200, fields: [] },
      { ...options, components: ['@status'] },
    )
    expect(signatureInput).toContain('sig=("@status");created=')
  })

  test.each<[string, Partial<SignMessageOptions>]>([
    ['parameter_invalid', { created: CREATED, expires: CREATED }],
    ['parameter_invalid', { created: -1 }],
    ['parameter_invalid', { keyid: '' }],
    ['parameter_invalid', { tag: '' }],
    ['nonce_invalid', { nonce: 'short' }],
    ['nonce_invalid', { nonce: `${NONCE}=` }],
    ['algorithm_unsupported', { alg: 'hmac-sha256' }],
    ['component_missing', { components: ['x-nope'] }],
    ['component_unsupported', { components: ['@status'] }],
    ['signature_malformed', { components: ['@method', '@method'] }],
    ['TypeError', { label: 'SIG' }],
    ['TypeError', { label: 'sig=();x' }],
    ['TypeError', { label: '' }],
    ['TypeError', { created: 1.5 }],
    ['TypeError', { expires: Number.NaN }],
    ['TypeError', { keyid: 'did:key:é' }],
    ['TypeError', { components: ['é'] }],
  ])('refuses what nobody would accept: %s %j', async (code, changes) => {
    expect(await codeOfSigning(changes)).toBe(code)
  })

  test('uses the key for nothing that it refuses', async () => {
    let uses = 0
    const counting = {
      publicKey: signer.publicKey,
      sign: async (bytes: Uint8Array): Promise<Uint8Array> => {
        uses += 1
        return signer.sign(bytes)
      },
    }
    const refused: Partial<SignMessageOptions>[] = [
      { label: 'SIG' },
      { nonce: '1' },
      { components: ['x-nope'] },
    ]
    for (const changes of refused)
      expect(await codeOfSigning({ ...changes, signer: counting })).not.toBe('ok')
    expect(uses).toBe(0)
    expect(await codeOfSigning({ signer: counting })).toBe('ok')
    expect(uses).toBe(1)
  })

  test('refuses to cover a value that is not ASCII or holds a line break', async () => {
    const components = [...COMPONENTS, 'x-a']
    expect(await codeOfSigning({ components }, withFields(request, ['X-A', 'caf\u00e9']))).toBe(
      'component_unsupported',
    )
    expect(await codeOfSigning({ components }, withFields(request, ['X-A', '\ud800']))).toBe(
      'component_unsupported',
    )
    expect(await codeOfSigning({ components }, withFields(request, ['X-A', 'a\nb']))).toBe(
      'signature_malformed',
    )
    expect(await codeOfSigning({ components }, withFields(request, ['X-A', 'a\tb']))).toBe('ok')
  })
})
