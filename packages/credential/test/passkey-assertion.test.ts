import {
  concatBytes,
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  type JsonObject,
  sha256,
} from '@behalf/core'
import { describe, expect, test } from 'vitest'
import {
  type PasskeyAssertion,
  type VerifyPasskeyAssertionOptions,
  verifyPasskeyAssertion,
} from '../src/index.ts'
import { agent } from './support/actors.ts'
import { PAGE, passkeyOf } from './support/approvals.ts'
import { codeOfAsync } from './support/refusal.ts'

const CHALLENGE = new Uint8Array(32).fill(5)
const RP_ID = 'authority.test'
const CLIENT_DATA = {
  type: 'webauthn.get',
  challenge: encodeBase64url(CHALLENGE),
  origin: PAGE,
  crossOrigin: false,
}
const signer = agent(0).signer
// EdDSA: {1: 1, 3: -8, -1: 6, -2: …}
const COSE_KEY = concatBytes(
  Uint8Array.of(0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 0x20),
  agent(0).publicKey,
)

/** An assertion that is signed after it was changed, so that only the change can be what is refused. */
async function assert(
  changes: {
    readonly clientData?: JsonObject | string
    readonly flags?: number
    readonly rest?: Uint8Array
    readonly hashed?: string
    readonly assertion?: Partial<PasskeyAssertion>
  } = {},
): Promise<PasskeyAssertion> {
  const { clientData = CLIENT_DATA, flags = 0x05, rest = new Uint8Array(4), hashed = RP_ID } = changes
  const json = encodeUtf8(typeof clientData === 'string' ? clientData : JSON.stringify(clientData))
  const authenticatorData = concatBytes(sha256(encodeUtf8(hashed)), Uint8Array.of(flags), rest)
  const signature = await signer.sign(concatBytes(authenticatorData, sha256(json)))
  return {
    rp_id: RP_ID,
    origin: PAGE,
    passkey: { id: 'AQ', public_key: encodeBase64url(COSE_KEY), software: false },
    authenticator_data: encodeBase64url(authenticatorData),
    client_data_json: encodeBase64url(json),
    signature: encodeBase64url(signature),
    ...changes.assertion,
  }
}

const verdict = (
  assertion: PasskeyAssertion,
  options: Partial<VerifyPasskeyAssertionOptions> = {},
): Promise<string> =>
  codeOfAsync(() => verifyPasskeyAssertion(assertion, { challenge: CHALLENGE, ...options }))

const changed = async (changes: Parameters<typeof assert>[0]): Promise<string> =>
  verdict(await assert(changes))
const withClientData = (changes: JsonObject): Promise<string> =>
  changed({ clientData: { ...CLIENT_DATA, ...changes } })

describe('an assertion', () => {
  test('is accepted', async () => {
    expect(await changed({})).toBe('ok')
    expect(await verdict(await assert(), { rpId: RP_ID, origins: [PAGE, 'https://other.test'] })).toBe('ok')
  })

  test('may have members that a later standard defines, and flags of backup', async () => {
    expect(await withClientData({ extraData: 'x' })).toBe('ok')
    expect(await changed({ flags: 0x1d })).toBe('ok')
    expect(await changed({ flags: 0x85, rest: new Uint8Array(5) })).toBe('ok')
  })

  test.each([
    ['https://authority.test:8443', 'authority.test'],
    ['https://login.authority.test', 'authority.test'],
    ['http://localhost:8080', 'localhost'],
  ])('of %s may be for %s', async (origin, rp) => {
    const assertion = await assert({ clientData: { ...CLIENT_DATA, origin }, hashed: rp })
    expect(await verdict({ ...assertion, origin, rp_id: rp })).toBe('ok')
  })

  test('is what the software passkey answers', async () => {
    const passkey = passkeyOf(3)
    const { response } = await passkey.authenticate({ challenge: encodeBase64url(CHALLENGE) })
    const assertion: PasskeyAssertion = {
      rp_id: RP_ID,
      origin: PAGE,
      passkey: { id: passkey.id, public_key: passkey.publicKey, software: true },
      authenticator_data: response.authenticatorData,
      client_data_json: response.clientDataJSON,
      signature: response.signature,
    }
    expect(await verdict(assertion)).toBe('ok')
  })
})

describe('client data is refused', () => {
  test.each<[string, JsonObject, string]>([
    ['of a registration', { type: 'webauthn.create' }, 'webauthn_malformed'],
    [
      'over another challenge',
      { challenge: encodeBase64url(new Uint8Array(32)) },
      'webauthn_challenge_invalid',
    ],
    ['of another origin', { origin: 'https://evil.test' }, 'webauthn_origin_mismatch'],
    ['of a page inside another', { crossOrigin: true }, 'webauthn_origin_mismatch'],
    ['that may be of one', { crossOrigin: 'false' }, 'webauthn_origin_mismatch'],
    ['with a page around it', { topOrigin: 'https://evil.test' }, 'webauthn_origin_mismatch'],
  ])('%s', async (_, changes, code) => {
    expect(await withClientData(changes)).toBe(code)
  })

  test.each([
    ['that is no JSON', '{'],
    ['that is no object', '[]'],
    ['that says something twice', JSON.stringify(CLIENT_DATA).replace('{', '{"type":"webauthn.get",')],
    ['that is too long', JSON.stringify({ ...CLIENT_DATA, extraData: 'x'.repeat(5000) })],
  ])('%s', async (_, clientData) => {
    expect(await changed({ clientData })).toBe('webauthn_malformed')
  })
})

describe('authenticator data is refused', () => {
  test.each<[string, Parameters<typeof assert>[0], string]>([
    ['for another relying party', { hashed: 'evil.test' }, 'webauthn_rp_mismatch'],
    ['without user verification', { flags: 0x01 }, 'webauthn_user_not_verified'],
    ['without user presence', { flags: 0x04 }, 'webauthn_user_not_verified'],
    ['that is too short', { rest: new Uint8Array(3) }, 'webauthn_malformed'],
    ['that is too long', { rest: new Uint8Array(5) }, 'webauthn_malformed'],
    ['that announces extensions and has none', { flags: 0x85 }, 'webauthn_malformed'],
    ['of a registration', { flags: 0x45, rest: new Uint8Array(80) }, 'webauthn_malformed'],
    ['with a flag nobody defined', { flags: 0x07 }, 'webauthn_malformed'],
    ['of a backup of what cannot be one', { flags: 0x15 }, 'webauthn_malformed'],
  ])('%s', async (_, changes, code) => {
    expect(await changed(changes)).toBe(code)
  })
})

describe('an assertion is refused', () => {
  test('for another relying party or origin than the expected ones', async () => {
    expect(await verdict(await assert(), { rpId: 'test' })).toBe('webauthn_rp_mismatch')
    expect(await verdict(await assert(), { origins: ['https://other.test'] })).toBe(
      'webauthn_origin_mismatch',
    )
    expect(await verdict(await assert(), { origins: [] })).toBe('webauthn_origin_mismatch')
  })

  test.each([
    ['http://authority.test', 'authority.test', 'webauthn_origin_mismatch'],
    ['https://authority.test/', 'authority.test', 'webauthn_origin_mismatch'],
    [' https://authority.test', 'authority.test', 'webauthn_origin_mismatch'],
    ['xhttps://authority.test', 'authority.test', 'webauthn_origin_mismatch'],
    ['https://authority.test ', 'authority.test', 'webauthn_origin_mismatch'],
    ['https://authority.test:8443/', 'authority.test', 'webauthn_origin_mismatch'],
    ['http://localhost.evil.test', 'localhost', 'webauthn_origin_mismatch'],
    ['xhttp://localhost', 'localhost', 'webauthn_origin_mismatch'],
    ['https://.authority.test', '.authority.test', 'webauthn_rp_mismatch'],
    ['https://authority.test.', 'authority.test.', 'webauthn_rp_mismatch'],
    ['https://evil-authority.test', 'authority.test', 'webauthn_rp_mismatch'],
    ['https://authority.test', 'login.authority.test', 'webauthn_rp_mismatch'],
    ['https://authority.test', '', 'webauthn_rp_mismatch'],
    ['https://localhost.evil.test', 'localhost', 'webauthn_rp_mismatch'],
  ])('on %s for %s', async (origin, rp, code) => {
    const assertion = await assert({ clientData: { ...CLIENT_DATA, origin }, hashed: rp })
    expect(await verdict({ ...assertion, origin, rp_id: rp })).toBe(code)
  })

  test('with the signature of another key', async () => {
    const other = concatBytes(COSE_KEY.subarray(0, -32), agent(1).publicKey)
    const passkey = { id: 'AQ', public_key: encodeBase64url(other), software: false }
    expect(await changed({ assertion: { passkey } })).toBe('webauthn_signature_invalid')
  })

  test.each(['authenticator_data', 'client_data_json', 'signature'] as const)(
    'when its %s is not base64url',
    async (name) => {
      const assertion = await assert()
      expect(await verdict({ ...assertion, [name]: `${assertion[name]}=` })).toBe('webauthn_malformed')
    },
  )

  test('when its key is not base64url', async () => {
    const passkey = { id: 'AQ', public_key: '*', software: false }
    expect(await changed({ assertion: { passkey } })).toBe('webauthn_malformed')
  })

  test('when a byte of its signature was changed', async () => {
    const assertion = await assert()
    const signature = decodeBase64url(assertion.signature)
    signature[0] = (signature[0] ?? 0) ^ 1
    expect(await verdict({ ...assertion, signature: encodeBase64url(signature) })).toBe(
      'webauthn_signature_invalid',
    )
  })
})
