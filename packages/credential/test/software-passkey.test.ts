import {
  concatBytes,
  decodeBase64url,
  decodeHex,
  decodeUtf8,
  encodeBase64url,
  encodeUtf8,
  sha256,
} from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { SOFTWARE_PASSKEY_AAGUID } from '../src/software-passkey-aaguid.ts'
import { PAGE, passkeyOf } from './support/approvals.ts'

const CHALLENGE = encodeBase64url(new Uint8Array(32).fill(3))
const USER = { id: encodeBase64url(new Uint8Array(16).fill(9)) }
const EDDSA = { alg: -8 }
const ES256 = { alg: -7 }
const OPTIONS = { challenge: CHALLENGE, rp: {}, user: USER, pubKeyCredParams: [ES256, EDDSA] }

const readClientData = (text: string): unknown => JSON.parse(decodeUtf8(decodeBase64url(text)))
const headOf = (rpId: string, flags: number): Uint8Array =>
  concatBytes(sha256(encodeUtf8(rpId)), Uint8Array.of(flags, 0, 0, 0, 0))

describe('the registration of a software passkey', () => {
  test('says that it is a program, and which key and name it has', async () => {
    const passkey = passkeyOf(1)
    const { response, ...answer } = await passkey.register(OPTIONS)
    expect(answer).toEqual({
      id: passkey.id,
      rawId: passkey.id,
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
    })
    expect(response.transports).toEqual(['internal'])
    expect(readClientData(response.clientDataJSON)).toEqual({
      type: 'webauthn.create',
      challenge: CHALLENGE,
      origin: PAGE,
      crossOrigin: false,
    })
    expect(SOFTWARE_PASSKEY_AAGUID).toBe('be4a1f00-50f7-4a4e-8a55-6b65795f7377')
    const authData = concatBytes(
      headOf('authority.test', 0x5d),
      decodeHex('be4a1f0050f74a4e8a556b65795f7377'),
      Uint8Array.of(0, 32),
      decodeBase64url(passkey.id),
      decodeBase64url(passkey.publicKey),
    )
    // {"fmt": "none", "attStmt": {}, "authData": h'…'}
    const head = concatBytes(
      Uint8Array.of(0xa3, 0x63),
      encodeUtf8('fmt'),
      Uint8Array.of(0x64),
      encodeUtf8('none'),
      Uint8Array.of(0x67),
      encodeUtf8('attStmt'),
      Uint8Array.of(0xa0, 0x68),
      encodeUtf8('authData'),
      Uint8Array.of(0x58, authData.length),
    )
    expect(decodeBase64url(response.attestationObject)).toEqual(concatBytes(head, authData))
  })

  test('is for the relying party that is asked for', async () => {
    const { response } = await passkeyOf(1).register({ ...OPTIONS, rp: { id: 'test' } })
    expect(decodeBase64url(response.attestationObject).subarray(30, 62)).toEqual(sha256(encodeUtf8('test')))
  })

  test('is refused where its one algorithm is not allowed', async () => {
    const refusal = new TypeError('A software passkey signs with EdDSA (-8), which the options do not allow')
    await expect(passkeyOf(1).register({ ...OPTIONS, pubKeyCredParams: [ES256] })).rejects.toThrow(refusal)
    await expect(passkeyOf(1).register({ ...OPTIONS, pubKeyCredParams: [] })).rejects.toThrow(refusal)
  })
})

describe('the assertion of a software passkey', () => {
  test('has the user that it was registered for, once it was', async () => {
    const passkey = passkeyOf(1)
    const before = await passkey.authenticate({ challenge: CHALLENGE })
    expect(Object.hasOwn(before.response, 'userHandle')).toBe(false)
    await passkey.register(OPTIONS)
    const after = await passkey.authenticate({ challenge: CHALLENGE, rpId: 'test' })
    expect(after.response.userHandle).toBe(USER.id)
    expect(decodeBase64url(after.response.authenticatorData)).toEqual(headOf('test', 0x1d))
    expect(readClientData(after.response.clientDataJSON)).toMatchObject({ type: 'webauthn.get' })
    expect(after).toMatchObject({ id: passkey.id, rawId: passkey.id, clientExtensionResults: {} })
  })

  test('is given where it is among the allowed ones, or none are named', async () => {
    const passkey = passkeyOf(1)
    const ask = (allowCredentials: { id: string }[]): Promise<string> =>
      passkey.authenticate({ challenge: CHALLENGE, allowCredentials }).then(({ id }) => id)
    expect(await ask([])).toBe(passkey.id)
    expect(await ask([{ id: 'other' }, { id: passkey.id }])).toBe(passkey.id)
    await expect(ask([{ id: 'other' }])).rejects.toThrow(
      new TypeError('The options do not allow this passkey'),
    )
  })
})
