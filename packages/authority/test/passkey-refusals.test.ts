import { concatBytes, type JsonObject } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { createWorld, type World } from './support/authority-world.ts'
import { type Browser, claim, openBrowser } from './support/browser.ts'
import { cborBytes, cborText, createTestPasskey, type PasskeyFaults } from './support/test-passkey.ts'

const OTHER_CHALLENGE = 'A'.repeat(43)

/** What is wrong with any answer, and how it is told. */
const COMMON: readonly (readonly [code: string, what: string, faults: PasskeyFaults])[] = [
  ['webauthn_challenge_invalid', 'for another challenge', { challenge: OTHER_CHALLENGE }],
  ['webauthn_origin_mismatch', 'from another origin', { origin: 'https://evil.test' }],
  [
    'webauthn_origin_mismatch',
    'from an origin that begins the same',
    { origin: 'http://localhost:1.evil.test' },
  ],
  ['webauthn_origin_mismatch', 'from a frame', { crossOrigin: true }],
  ['webauthn_origin_mismatch', 'below another page', { topOrigin: 'https://evil.test' }],
  ['webauthn_rp_mismatch', 'for another site', { rpId: 'evil.test' }],
  ['webauthn_user_not_verified', 'without its user verified', { userVerified: false }],
  ['webauthn_user_not_verified', 'without its user', { userPresent: false }],
  ['webauthn_malformed', 'of another type', { type: 'payment.get' }],
  ['webauthn_malformed', 'with client data that is none', { changeClientData: () => 'null' }],
  [
    'webauthn_malformed',
    'with client data that reads in two ways',
    { changeClientData: (text) => text.replace('{', '{"origin":"x",') },
  ],
  ['webauthn_malformed', 'with two ids', { changeAnswer: (answer) => ({ ...answer, rawId: 'AAAA' }) }],
  ['webauthn_malformed', 'with an id in another spelling', { changeAnswer: withId((id) => `${id}=`) }],
  ['webauthn_malformed', 'with no id', { changeAnswer: withId(() => '') }],
  ['webauthn_malformed', 'with an id that is too long', { changeAnswer: withId(() => 'A'.repeat(1400)) }],
  ['webauthn_malformed', 'that is no key', { changeAnswer: (answer) => ({ ...answer, type: 'password' }) }],
  ['webauthn_malformed', 'without a response', { changeAnswer: ({ response: _response, ...rest }) => rest }],
  [
    'webauthn_malformed',
    'with a response that is none',
    { changeAnswer: (answer) => ({ ...answer, response: {} }) },
  ],
  [
    'webauthn_malformed',
    'with data that is cut short',
    { changeAuthenticatorData: (bytes) => bytes.slice(0, 36) },
  ],
  [
    'webauthn_malformed',
    'with data that is too long',
    { changeAuthenticatorData: (bytes) => concatBytes(bytes, Uint8Array.of(0)) },
  ],
]

function withId(change: (id: string) => string): (answer: JsonObject) => JsonObject {
  return (answer) => {
    const id = change(typeof answer['id'] === 'string' ? answer['id'] : '')
    return { ...answer, id, rawId: id }
  }
}

const repeat = (byte: number, count: number): Uint8Array => new Uint8Array(count).fill(byte)

/** An attestation object whose statement is these bytes. */
const withStatement = (statement: Uint8Array) => (): Uint8Array =>
  concatBytes(
    Uint8Array.of(0xa3),
    cborText('fmt'),
    cborText('none'),
    cborText('attStmt'),
    statement,
    cborText('authData'),
    cborBytes(repeat(0, 37)),
  )

/** `{ 1: 1, 3: -8, -1: 6, -2: x }` with a point of order 1, under which one signature fits everything. */
const SMALL_ORDER_KEY = concatBytes(
  Uint8Array.of(0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20, 0x01),
  new Uint8Array(31),
)
/** Of the last number of the key, behind head, AAGUID, id and the first number. */
const LAST_LENGTH_AT = 37 + 16 + 2 + 16 + 10 + 32 + 2

const REGISTRATION: readonly (readonly [code: string, what: string, faults: PasskeyFaults])[] = [
  ...COMMON,
  ['webauthn_malformed', 'made for a login', { type: 'webauthn.get' }],
  ['webauthn_malformed', 'with the id of another passkey', { changeAnswer: withId(() => 'AAAA') }],
  [
    'webauthn_malformed',
    'nested deeper than anything is',
    { changeAttestation: withStatement(concatBytes(repeat(0x81, 20_000), Uint8Array.of(0))) },
  ],
  [
    'webauthn_malformed',
    'with a list that claims to be endless',
    { changeAttestation: withStatement(Uint8Array.of(0x9b, 0, 0, 0, 1, 0, 0, 0, 0)) },
  ],
  [
    'webauthn_malformed',
    'with a map that claims to be endless',
    { changeAttestation: withStatement(Uint8Array.of(0xba, 0xff, 0xff, 0xff, 0xff)) },
  ],
  [
    'webauthn_malformed',
    'with a text that claims to be long',
    { changeAttestation: withStatement(Uint8Array.of(0x7a, 0x7f, 0xff, 0xff, 0xff)) },
  ],
  [
    'webauthn_malformed',
    'with bytes of no definite length',
    { changeAttestation: withStatement(Uint8Array.of(0x5f, 0x41, 0, 0xff)) },
  ],
  [
    'webauthn_malformed',
    'with a map of no definite length',
    { changeAttestation: withStatement(Uint8Array.of(0xbf, 0xff)) },
  ],
  [
    'webauthn_malformed',
    'with something behind it',
    { changeAttestation: (bytes) => concatBytes(bytes, Uint8Array.of(0xa0)) },
  ],
  ['webauthn_malformed', 'with nothing in it', { changeAttestation: () => Uint8Array.of(0xa0) }],
  ['webauthn_malformed', 'that is no map', { changeAttestation: () => Uint8Array.of(0x80) }],
  [
    'webauthn_malformed',
    'with its data claimed longer than it is',
    { changeAttestation: (bytes) => bytes.slice(0, -1) },
  ],
  [
    'webauthn_malformed',
    'with a key of no algorithm of ours',
    { changeAuthenticatorData: (bytes) => replaceAt(bytes, 37 + 16 + 2 + 16 + 4, 0x38) },
  ],
  [
    'webauthn_malformed',
    'with an id that claims to be longer than everything',
    { changeAuthenticatorData: (bytes) => replaceAt(bytes, 53, 0xff) },
  ],
  ['webauthn_malformed', 'with a key of small order', { publicKey: SMALL_ORDER_KEY }],
  [
    'webauthn_malformed',
    'with a number that claims to be longer than it is',
    { changeAuthenticatorData: (bytes) => replaceAt(bytes, LAST_LENGTH_AT, 0x21) },
  ],
  [
    'webauthn_attestation_invalid',
    'with certificates nobody asked for',
    { attest: async () => ({ format: 'packed', statement: X5C }) },
  ],
  [
    'webauthn_attestation_invalid',
    'with an attestation nobody asked for',
    { attest: async () => ({ format: 'tpm', statement: Uint8Array.of(0xa0) }) },
  ],
]

/** `{ x5c: [h'00'] }` */
const X5C = concatBytes(Uint8Array.of(0xa1), cborText('x5c'), Uint8Array.of(0x81, 0x41, 0x00))

function replaceAt(bytes: Uint8Array, index: number, value: number): Uint8Array {
  return bytes.map((byte, at) => (at === index ? value : byte))
}

const ASSERTION: typeof REGISTRATION = [
  ...COMMON,
  ['webauthn_malformed', 'made for a registration', { type: 'webauthn.create' }],
  ['webauthn_signature_invalid', 'with the id of no passkey', { changeAnswer: withId(() => 'AAAA') }],
  [
    'webauthn_signature_invalid',
    'over other data',
    { changeAuthenticatorData: (bytes) => replaceAt(bytes, 32, 0x1d) },
  ],
  [
    'webauthn_signature_invalid',
    'with a counter that was not signed',
    { changeAuthenticatorData: (bytes) => replaceAt(bytes, 36, 9) },
  ],
  [
    'webauthn_signature_invalid',
    'with another signature',
    { changeSignature: (bytes) => replaceAt(bytes, bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1) },
  ],
]

let world: World
let alice: Browser
beforeEach(async () => {
  world = await createWorld()
})

describe('a new passkey is refused', () => {
  test.each(REGISTRATION)('%s: %s', async (code, _what, faults) => {
    alice = await openBrowser(world)
    const claimCode = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const facts = { code: claimCode, id: 'alice', name: 'Alice' }
    expect((await alice.register('claim', facts, faults)).code).toBe(code)
    expect((await alice.register('claim', facts)).status).toBe(200)
  })
})

describe('an assertion is refused', () => {
  beforeEach(async () => {
    alice = await claim(world)
  })

  test.each(ASSERTION)('%s: %s', async (code, _what, faults) => {
    expect((await alice.login(faults)).code).toBe(code)
    expect((await alice.login()).status).toBe(200)
  })
})

describe('the counter of an authenticator', () => {
  async function claimWithCounter(): Promise<Browser> {
    const browser = await openBrowser(
      world,
      await createTestPasskey({ origin: world.origin, hasCounter: true }),
    )
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    expect((await browser.register('claim', { code, id: 'alice', name: 'A' })).status).toBe(200)
    return browser
  }

  test('never goes back, nor stands still, and that it tried is in the log', async () => {
    alice = await claimWithCounter()
    expect((await alice.login({ counter: 20 })).status).toBe(200)
    for (const counter of [20, 19, 0]) {
      const answer = await alice.login({ counter })
      expect([counter, answer.status, answer.code]).toEqual([counter, 403, 'webauthn_counter_regression'])
    }
    expect((await alice.login({ counter: 21 })).status).toBe(200)
    expect(world.log.filter((line) => line.includes('went back'))).toHaveLength(3)
  })

  test('may stay at nought', async () => {
    alice = await claim(world)
    for (let count = 0; count < 3; count += 1) expect((await alice.login({ counter: 0 })).status).toBe(200)
    expect((await alice.login({ counter: 5 })).status).toBe(200)
    expect((await alice.login({ counter: 0 })).code).toBe('webauthn_counter_regression')
  })
})

test('an authenticator in software says so itself', async () => {
  const aaguid = Uint8Array.from(Buffer.from('be4a1f0050f74a4e8a556b65795f7377', 'hex'))
  const browser = await openBrowser(world, await createTestPasskey({ origin: world.origin, aaguid }))
  const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
  await browser.register('claim', { code, id: 'alice', name: 'A' })
  expect((await browser.get('/api/passkeys')).json['passkeys']).toMatchObject([{ software: true }])
})

test('a self-attestation is taken when it is signed, and refused when it is not', async () => {
  const attest = (change: (bytes: Uint8Array) => Uint8Array): Required<PasskeyFaults>['attest'] => {
    return async ({ authenticatorData, clientDataHash, sign }) => {
      const signature = change(await sign(concatBytes(authenticatorData, clientDataHash)))
      const statement = concatBytes(
        Uint8Array.of(0xa2),
        cborText('alg'),
        Uint8Array.of(0x26),
        cborText('sig'),
        cborBytes(signature),
      )
      return { format: 'packed', statement }
    }
  }
  const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
  const facts = { code, id: 'alice', name: 'A' }
  const browser = await openBrowser(world)
  const broken = await browser.register('claim', facts, {
    attest: attest((bytes) => replaceAt(bytes, bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)),
  })
  expect(broken.code).toBe('webauthn_attestation_invalid')
  expect((await browser.register('claim', facts, { attest: attest((bytes) => bytes) })).status).toBe(200)
})
