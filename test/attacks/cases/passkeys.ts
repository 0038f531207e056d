import { concatBytes, encodeBase64url } from '@behalf/core'
import { expect } from 'vitest'
import {
  ceremonyOf,
  claim,
  invite,
  openBrowser,
  optionsOf,
} from '../../../packages/authority/test/support/browser.ts'
import {
  cborBytes,
  cborText,
  createTestPasskey,
  type PasskeyFaults,
} from '../../../packages/authority/test/support/test-passkey.ts'
import { type CaseGroup, httpOn, type invariantOnce, own } from '../support/attack-case.ts'
import { createAttestationAuthority } from '../support/attestation.ts'
import { withAuthority } from '../support/authority.ts'
import { holding, type People, refusing, toAnswer } from '../support/people.ts'

const OTHER_SITE = 'https://evil.test'
const BACKED_UP = 0x18

/** Signs in with an answer that has a fault. */
const login = (...faults: readonly PasskeyFaults[]) =>
  refusing(async ({ alice }) => {
    const answers = []
    for (const fault of faults) answers.push(await alice.login(fault))
    expect((await alice.login()).status).toBe(200)
    return answers
  })

/** Registers the first passkey of an authority that asks for certified authenticators. */
const registerUnder = (roots: 'configured' | 'own', faults: (mine: PasskeyFaults) => PasskeyFaults) =>
  httpOn('express', async () => {
    const trusted = await createAttestationAuthority('Trusted root')
    const other = await createAttestationAuthority('Own root')
    const attestation = { kind: 'direct', roots: [trusted.root] } as const
    return withAuthority(
      async (running) => {
        const browser = await openBrowser(running)
        const code = new URL(running.authority.claimUrl ?? '').hash.slice(1)
        const facts = { code, id: 'alice', name: 'Alice' }
        const { attest } = roots === 'own' ? other : trusted
        const refused = await browser.register('claim', facts, faults({ attest }))
        // The same authenticator under a root that is configured is taken.
        expect((await browser.register('claim', facts, { attest: trusted.attest })).status).toBe(200)
        return toAnswer(refused)
      },
      { attestation },
    )
  })

async function replayAssertion({ alice }: People): ReturnType<typeof alice.get> {
  const begun = await alice.send('/api/login/options')
  const body = { ceremony: ceremonyOf(begun), response: await alice.passkey.assert(optionsOf(begun)) }
  expect((await alice.send('/api/login', body)).status).toBe(200)
  return alice.send('/api/login', body)
}

/** The challenge is the attacker's own, in every place that a page could send one. */
async function bringChallenge({ alice }: People): Promise<Awaited<ReturnType<typeof alice.get>>[]> {
  const challenge = encodeBase64url(new Uint8Array(32).fill(7))
  const response = await alice.passkey.assert({ challenge })
  const begun = await alice.send('/api/login/options')
  const bodies = [
    { ceremony: challenge, response },
    { ceremony: ceremonyOf(begun), response },
    { ceremony: JSON.stringify({ challenge, purpose: 'login' }), response },
  ]
  const answers = []
  for (const body of bodies) {
    const headers = { cookie: `challenge=${challenge}; __Host-challenge=${challenge}; ceremony=${challenge}` }
    answers.push(await alice.call('/api/login', { method: 'POST', body, headers }))
  }
  return answers
}

/** What would be allocated or walked by what an attestation only claims. */
const BOMBS: readonly (readonly number[])[] = [
  Array.from({ length: 20_000 }, () => 0x81),
  [0x9b, 0, 0, 0, 1, 0, 0, 0, 0],
  [0xbb, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x5b, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff],
  [0x7a, 0x7f, 0xff, 0xff, 0xff],
  [0x5f, 0x41, 0x00, 0xff],
  [0x7f, 0x61, 0x61, 0xff],
  [0x9f, 0xff],
  [0xbf, 0xff],
]

async function sendBombs({ alice }: People): Promise<Awaited<ReturnType<typeof alice.get>>[]> {
  const answers = []
  for (const bomb of BOMBS) {
    const begun = await alice.send('/api/passkeys/options', { step_up: await alice.stepUp() })
    const passkey = await createTestPasskey({ origin: alice.site.origin })
    const response = await passkey.register(optionsOf(begun), {
      changeAttestation: () => withStatement(bomb),
    })
    const body = { ceremony: ceremonyOf(begun), passkey_name: 'bomb', response }
    const startedAt = performance.now()
    answers.push(await alice.send('/api/passkeys', body))
    expect(performance.now() - startedAt).toBeLessThan(2000)
  }
  return answers
}

function withStatement(statement: readonly number[]): Uint8Array {
  return concatBytes(
    Uint8Array.of(0xa3),
    cborText('fmt'),
    cborText('none'),
    cborText('attStmt'),
    Uint8Array.from(statement),
    cborText('authData'),
    cborBytes(new Uint8Array(37)),
  )
}

async function finishOnAnotherReplica({ alice, running }: People): ReturnType<typeof alice.get> {
  const begun = await alice.send('/api/login/options')
  await running.restart()
  const response = await alice.passkey.assert(optionsOf(begun), { userVerified: false })
  return alice.send('/api/login', { ceremony: ceremonyOf(begun), response })
}

async function registerTwice({ alice }: People): ReturnType<typeof alice.get> {
  const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
  const begun = await bob.send('/api/passkeys/options', { step_up: await bob.stepUp() })
  // Another key under the credential id of somebody else, as a takeover would need it.
  const credentialId = Uint8Array.from(Buffer.from(alice.passkey.id, 'base64url'))
  const stolen = await createTestPasskey({ origin: alice.site.origin, credentialId })
  const response = await stolen.register(optionsOf(begun))
  const answer = await bob.send('/api/passkeys', { ceremony: ceremonyOf(begun), passkey_name: 'x', response })
  expect((await alice.login()).status).toBe(200)
  return answer
}

async function deleteAnothers({ alice }: People): ReturnType<typeof alice.get> {
  const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
  const answer = await bob.send(
    `/api/passkeys/${alice.passkey.id}`,
    { step_up: await bob.stepUp() },
    'DELETE',
  )
  expect((await alice.login()).status).toBe(200)
  return answer
}

function goBack(): ReturnType<typeof httpOn> {
  return httpOn('express', () =>
    withAuthority(async (running) => {
      const passkey = await createTestPasskey({ origin: running.origin, hasCounter: true })
      const alice = await claim(running, 'alice', passkey)
      expect((await alice.login({ counter: 9 })).status).toBe(200)
      return [toAnswer(await alice.login({ counter: 8 })), toAnswer(await alice.login({ counter: 9 }))]
    }),
  )
}

/** The error of a browser is one line of the log, which no terminal takes for anything else. */
function logError(): ReturnType<typeof invariantOnce> {
  const lines: string[] = []
  const log = {
    info: () => undefined,
    warn: (facts: object) => void lines.push(JSON.stringify(facts)),
    error: () => undefined,
  }
  return holding(
    async ({ alice }) => {
      const message = 'x\r\n2026 INFO approved\u001b[31m\u009b2J'
      expect((await alice.send('/api/ceremony-errors', { message })).status).toBe(204)
      const said = JSON.parse(lines.at(-1) ?? '{}').said
      expect(said).toBe('x\\u{d}\\u{a}2026 INFO approved\\u{1b}[31m\\u{9b}2J')
      expect(said).toMatch(/^[\x20-\x7e]*$/u)
    },
    { log },
  )
}

/** Passkeys against an authority, with a virtual authenticator that does what it is told. */
export const passkeys: CaseGroup = {
  name: 'Passkeys / WebAuthn',
  catalogue: {
    'WA-001': refusing(replayAssertion),
    'WA-003': refusing(bringChallenge),
    'WA-004': login({ origin: OTHER_SITE }, { origin: 'http://localhost' }, { origin: 'null' }),
    'WA-006': login(
      { crossOrigin: true },
      { topOrigin: OTHER_SITE },
      { crossOrigin: true, topOrigin: OTHER_SITE },
    ),
    'WA-007': login({ rpId: 'evil.test' }, { rpId: 'LOCALHOST' }, { rpId: '' }),
    'WA-009': refusing(finishOnAnotherReplica),
    'WA-010': login(
      { changeAnswer: (answer) => ({ ...answer, rawId: 'AAAA' }) },
      { changeAnswer: ({ rawId: _rawId, ...answer }) => answer },
    ),
    'WA-012': login({
      changeAuthenticatorData: (bytes) => bytes.map((byte, at) => (at === 32 ? byte ^ BACKED_UP : byte)),
    }),
    'WA-013': goBack(),
    'WA-015': registerUnder('configured', () => ({})),
    'WA-016': registerUnder('own', (mine) => mine),
    'WA-018': refusing(deleteAnothers),
    'WA-019': refusing(registerTwice),
    'WA-020': logError(),
    'WA-021': refusing(sendBombs),
  },
  own: {
    'WA-own-1': own(
      'webauthn_challenge_invalid',
      'The answer to one ceremony given to another',
      refusing(async ({ alice }) => {
        const stepUp = await alice.stepUp()
        const begun = await alice.send('/api/login/options')
        const signIn = { ceremony: ceremonyOf(begun), response: await alice.passkey.assert(optionsOf(begun)) }
        return [
          await alice.send('/api/login', stepUp),
          await alice.send('/api/recovery-codes', { step_up: signIn }),
        ]
      }),
    ),
    'WA-own-2': own(
      'webauthn_signature_invalid',
      'A passkey that nobody registered, and one of somebody else',
      refusing(async ({ alice }) => {
        const stranger = await openBrowser(alice.site)
        const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
        const begun = await bob.send('/api/step-up/options')
        const response = await alice.passkey.assert(optionsOf(begun))
        const foreign = { step_up: { ceremony: ceremonyOf(begun), response } }
        return [await stranger.login(), await bob.send('/api/recovery-codes', foreign)]
      }),
    ),
  },
}
