import { decodeBase64url, encodeBase64url, systemRandomBytes } from '@behalf/core'
import { SOFTWARE_PASSKEY_AAGUID } from '@behalf/credential'
import { createSoftwarePasskey, type SoftwarePasskey } from '@behalf/credential/software-passkey'
import { verifyAuthenticationResponse, verifyRegistrationResponse } from '@simplewebauthn/server'
import { describe, expect, test } from 'vitest'

const ORIGIN = 'http://localhost:4321'
const CHALLENGE = encodeBase64url(new Uint8Array(32).fill(3))
const EXPECTED = {
  expectedChallenge: CHALLENGE,
  expectedOrigin: ORIGIN,
  expectedRPID: 'localhost',
  requireUserVerification: true,
}

const create = (): SoftwarePasskey => createSoftwarePasskey({ origin: ORIGIN, random: systemRandomBytes })
const register = (passkey: SoftwarePasskey): ReturnType<SoftwarePasskey['register']> =>
  passkey.register({
    challenge: CHALLENGE,
    rp: { id: 'localhost' },
    user: { id: 'AQID' },
    pubKeyCredParams: [{ alg: -7 }, { alg: -8 }],
  })

describe('a software passkey, to an independent implementation of WebAuthn', () => {
  test('registers, and says that it is a program', async () => {
    const passkey = create()
    const { verified, registrationInfo } = await verifyRegistrationResponse({
      ...EXPECTED,
      response: await register(passkey),
      supportedAlgorithmIDs: [-8],
    })
    expect(verified).toBe(true)
    expect(registrationInfo).toMatchObject({
      aaguid: SOFTWARE_PASSKEY_AAGUID,
      fmt: 'none',
      userVerified: true,
      credentialDeviceType: 'multiDevice',
      credential: { id: passkey.id, counter: 0 },
    })
    expect(encodeBase64url(registrationInfo?.credential.publicKey ?? new Uint8Array())).toBe(
      passkey.publicKey,
    )
  })

  test('authenticates, and says whose it is', async () => {
    const passkey = create()
    await register(passkey)
    const response = await passkey.authenticate({
      challenge: CHALLENGE,
      rpId: 'localhost',
      allowCredentials: [{ id: passkey.id }],
    })
    expect(response.response.userHandle).toBe('AQID')
    const { verified } = await verifyAuthenticationResponse({
      ...EXPECTED,
      response,
      credential: { id: passkey.id, publicKey: decodeBase64url(passkey.publicKey).slice(), counter: 0 },
    })
    expect(verified).toBe(true)
  })

  test('does not answer for another passkey, or with an algorithm that is not its own', async () => {
    const passkey = create()
    await expect(
      passkey.authenticate({ challenge: CHALLENGE, allowCredentials: [{ id: 'other' }] }),
    ).rejects.toThrow(TypeError)
    const options = { challenge: CHALLENGE, rp: {}, user: { id: 'AQ' }, pubKeyCredParams: [{ alg: -7 }] }
    await expect(passkey.register(options)).rejects.toThrow(TypeError)
  })
})
