import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  concatBytes,
  decodeHex,
  encodeBase64url,
  isCosePublicKey,
  sha256,
  verifyCoseSignature,
} from '@behalf/core'
import { CredentialError, type PasskeyAssertion, verifyPasskeyAssertion } from '@behalf/credential'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

interface VectorCase {
  readonly name: string
  readonly registration: { readonly credential_id: string; readonly attestationObject: string }
  readonly authentication: {
    readonly challenge: string
    readonly authenticatorData: string
    readonly clientDataJSON: string
    readonly signature: string
  }
}

interface VectorFile {
  readonly rp_id: string
  readonly origin: string
  readonly cases: readonly VectorCase[]
}

const USER_VERIFIED = 0x04
// The text of the member `authData`; a byte string follows.
const AUTH_DATA = '686175746844617461'

describeNeeding('vectors', 'WebAuthn Level 3, test vectors', () => {
  test('the 15 signatures verify, but that of an algorithm that is not on our list', async () => {
    const verdicts = await forEachCase(async (vector) => {
      const { publicKey, signature, data } = signatureOf(vector)
      return [await isCosePublicKey(publicKey), await verifyCoseSignature({ publicKey, signature, data })]
    })
    expect(verdicts).toHaveLength(15)
    expect(verdicts.filter(([, [isKey, isValid]]) => !isKey || !isValid)).toEqual([
      ['Packed Attestation with Ed448 Credential', [false, false]],
    ])
  })

  test('none verifies with one byte changed', async () => {
    const verdicts = await forEachCase(async (vector) => {
      const { publicKey, signature, data } = signatureOf(vector)
      data[40] = (data[40] ?? 0) ^ 1
      return verifyCoseSignature({ publicKey, signature, data })
    })
    expect(verdicts.filter(([, isValid]) => isValid)).toEqual([])
  })

  test('each is an assertion that is accepted, or is refused with the code of what it lacks', async () => {
    const verdicts = await forEachCase(verdictOf)
    expect(verdicts).toEqual(readFile().cases.map((vector) => [vector.name, expectedVerdict(vector)]))
    expect(new Set(verdicts.map(([, verdict]) => verdict))).toEqual(
      new Set(['ok', 'webauthn_origin_mismatch', 'webauthn_user_not_verified', 'webauthn_signature_invalid']),
    )
  })
})

async function forEachCase<Verdict>(
  judge: (vector: VectorCase) => Promise<Verdict>,
): Promise<readonly (readonly [name: string, verdict: Verdict])[]> {
  return Promise.all(readFile().cases.map(async (vector) => [vector.name, await judge(vector)] as const))
}

/** What our rules ask beyond the standard: a user who was verified, on a page that nothing embeds, a known algorithm. */
function expectedVerdict({ name, authentication }: VectorCase): string {
  if (/crossOrigin|topOrigin/u.test(name)) return 'webauthn_origin_mismatch'
  const flags = decodeHex(authentication.authenticatorData)[32] ?? 0
  if ((flags & USER_VERIFIED) === 0) return 'webauthn_user_not_verified'
  return name.includes('Ed448') ? 'webauthn_signature_invalid' : 'ok'
}

async function verdictOf(vector: VectorCase): Promise<string> {
  const { rp_id, origin } = readFile()
  const { registration, authentication } = vector
  const spell = (hex: string): string => encodeBase64url(decodeHex(hex))
  const assertion: PasskeyAssertion = {
    rp_id,
    origin,
    passkey: {
      id: spell(registration.credential_id),
      public_key: encodeBase64url(publicKeyOf(vector)),
      software: false,
    },
    authenticator_data: spell(authentication.authenticatorData),
    client_data_json: spell(authentication.clientDataJSON),
    signature: spell(authentication.signature),
  }
  try {
    const challenge = decodeHex(authentication.challenge)
    await verifyPasskeyAssertion(assertion, { challenge, rpId: rp_id, origins: [origin] })
    return 'ok'
  } catch (error) {
    if (error instanceof CredentialError) return error.code
    throw error
  }
}

function signatureOf(vector: VectorCase): {
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
  readonly data: Uint8Array
} {
  const { authenticatorData, clientDataJSON, signature } = vector.authentication
  return {
    publicKey: publicKeyOf(vector),
    signature: decodeHex(signature),
    data: concatBytes(decodeHex(authenticatorData), sha256(decodeHex(clientDataJSON))),
  }
}

/** The COSE_Key at the end of the authenticator data, which has no extensions in any of the vectors. */
function publicKeyOf({ registration }: VectorCase): Uint8Array {
  const { attestationObject, credential_id } = registration
  const length = attestationObject.slice(attestationObject.lastIndexOf(AUTH_DATA) + AUTH_DATA.length)
  const authData = length.slice(length.startsWith('58') ? 4 : 6)
  return decodeHex(authData.slice(authData.indexOf(credential_id) + credential_id.length))
}

function readFile(): VectorFile {
  const path = join(vectorsFolder(), 'webauthn', 'webauthn_l3_test_vectors.json')
  return JSON.parse(readFileSync(path, 'utf8'))
}
