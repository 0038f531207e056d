import { readFileSync } from 'node:fs'
import { beforeEach, describe, expect, test } from 'vitest'
import { openDatabase } from '../src/index.ts'
import { createWorld, type World } from './support/authority-world.ts'
import { type Browser, ceremonyOf, claim, invite, openBrowser, optionsOf, textOf } from './support/browser.ts'
import { createTestPasskey } from './support/test-passkey.ts'

let world: World
beforeEach(async () => {
  world = await createWorld()
})

/** The types of the events about people, in order. */
async function eventTypes(): Promise<readonly string[]> {
  const events = await world.authority.issuer.listEvents()
  return events.map(({ type }) => type).filter((type) => /person|passkey|recovery|invitation/u.test(type))
}

describe('claiming an authority', () => {
  test('makes the first person, with every role, signed in', async () => {
    const alice = await openBrowser(world)
    expect((await alice.get('/api/session')).json).toMatchObject({ person: null, csrf: null, claimed: false })
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const answer = await alice.register('claim', { code, id: 'alice', name: 'Alice Example' })
    expect(answer.json).toMatchObject({
      person: { id: 'alice', name: 'Alice Example', roles: ['approver', 'operator', 'auditor'] },
      csrf: expect.stringMatching(/^[\w-]{43}$/u),
      claimed: true,
      login: ['passkey'],
      rp_id: 'localhost',
      authority: { origin: world.origin, issuer: world.authority.issuerDid },
    })
    const codes = answer.json['recovery_codes']
    expect(codes).toHaveLength(10)
    expect(codes).toEqual(
      Array.from({ length: 10 }, () => expect.stringMatching(/^(?:[\da-z]{4}-){3}[\da-z]{4}$/u)),
    )
    expect((await alice.get('/api/session')).json).toMatchObject({ person: { id: 'alice' } })
    expect(await eventTypes()).toEqual(['person_joined', 'passkey_added', 'recovery_codes_made'])
  })

  test('asks for a discoverable passkey whose authenticator verifies its user', async () => {
    const alice = await openBrowser(world)
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const begun = await alice.send('/api/claim/options', { code, id: 'alice', name: 'Alice' })
    expect(optionsOf(begun)).toMatchObject({
      rp: { id: 'localhost' },
      user: { name: 'alice', displayName: 'Alice' },
      attestation: 'none',
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
  })

  test('works once', async () => {
    const { claimUrl = '' } = world.authority
    const code = new URL(claimUrl).hash.slice(1)
    const second = await openBrowser(world)
    const begun = await second.send('/api/claim/options', { code, id: 'mallory', name: 'M' })
    await claim(world)
    const again = await openBrowser(world)
    const late = await again.register('claim', { code, id: 'bob', name: 'Bob' })
    expect([late.status, late.code]).toEqual([409, 'approval_consumed'])
    const response = await second.passkey.register(optionsOf(begun))
    const finish = await second.send('/api/claim', {
      ceremony: ceremonyOf(begun),
      passkey_name: 'x',
      response,
    })
    expect([finish.status, finish.code]).toEqual([409, 'approval_consumed'])
    expect(second.cookie).toBeUndefined()
  })

  test('takes the code of this start only, and no other', async () => {
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const restarted = await world.restart()
    const browser = await openBrowser(restarted)
    for (const wrong of [code, '', 'guess']) {
      const answer = await browser.register('claim', { code: wrong, id: 'alice', name: 'Alice' })
      expect([answer.status, answer.code]).toEqual([404, 'not_found'])
    }
    await claim(restarted)
    const claimed = await restarted.restart()
    expect(claimed.authority.claimUrl).toBeUndefined()
  })

  test.each([
    ['id', { id: 'did:key:z6Mk', name: 'A' }],
    ['id', { id: 'urn:uuid:1', name: 'A' }],
    ['id', { id: 'a b', name: 'A' }],
    ['id', { id: '', name: 'A' }],
    ['id', { id: 'ä', name: 'A' }],
    ['id', { id: 'a'.repeat(201), name: 'A' }],
    ['name', { id: 'alice', name: 'A\u202ee' }],
    ['name', { id: 'alice', name: ' ' }],
    ['name', { id: 'alice', name: 'a'.repeat(101) }],
  ])('refuses a person that cannot be: %s', async (field, facts) => {
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const answer = await (await openBrowser(world)).send('/api/claim/options', { code, ...facts })
    expect([answer.status, answer.code, answer.json['field']]).toEqual([422, 'input_invalid', field])
  })

  test('refuses a passkey whose name hides something, and keeps the code', async () => {
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const alice = await openBrowser(world)
    const begun = await alice.send('/api/claim/options', { code, id: 'alice', name: 'Alice' })
    const response = await alice.passkey.register(optionsOf(begun))
    const answer = await alice.send('/api/claim', {
      ceremony: ceremonyOf(begun),
      passkey_name: 'a\u200bb',
      response,
    })
    expect([answer.status, answer.json['field']]).toEqual([422, 'passkey_name'])
    expect((await alice.register('claim', { code, id: 'alice', name: 'Alice' })).status).toBe(200)
  })
})

describe('signing in', () => {
  let alice: Browser
  beforeEach(async () => {
    alice = await claim(world)
    alice.cookie = undefined
    alice.csrf = undefined
  })

  test('takes any passkey of the authority and begins a session', async () => {
    const answer = await alice.login()
    expect(answer.json).toMatchObject({ person: { id: 'alice' }, return_to: '/' })
    expect((await alice.get('/api/passkeys')).json['passkeys']).toMatchObject([
      {
        id: alice.passkey.id,
        name: 'laptop',
        last_used_at: expect.any(String),
        software: false,
        synced: false,
      },
    ])
  })

  test('gives a cookie that only this host sees, that no script reads and no other site sends', async () => {
    const cookie = (await alice.login()).headers.get('set-cookie') ?? ''
    expect(cookie).toMatch(
      /^__Host-behalf-session=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Strict$/u,
    )
  })

  test('begins a new session each time, and ends the one before', async () => {
    await alice.login()
    const before = alice.cookie
    await alice.login()
    expect(alice.cookie).not.toBe(before)
    const old = await openBrowser(world)
    old.cookie = before
    expect((await old.get('/api/passkeys')).code).toBe('session_invalid')
  })

  test('does not take an answer twice', async () => {
    const begun = await alice.send('/api/login/options')
    const response = await alice.passkey.assert(optionsOf(begun))
    const body = { ceremony: ceremonyOf(begun), response }
    expect((await alice.send('/api/login', body)).status).toBe(200)
    const again = await alice.send('/api/login', body)
    expect([again.status, again.code]).toEqual([400, 'webauthn_challenge_invalid'])
  })

  test('does not take an answer after five minutes, nor one for another purpose', async () => {
    const late = await alice.send('/api/login/options')
    const response = await alice.passkey.assert(optionsOf(late))
    world.clock.advance(300)
    const answer = await alice.send('/api/login', { ceremony: ceremonyOf(late), response })
    expect(answer.code).toBe('webauthn_challenge_invalid')
    await alice.login()
    const stepUp = await alice.stepUp()
    expect((await alice.send('/api/login', stepUp)).code).toBe('webauthn_challenge_invalid')
    const login = await alice.send('/api/login/options')
    const assertion = { ceremony: ceremonyOf(login), response: await alice.passkey.assert(optionsOf(login)) }
    const used = await alice.send('/api/recovery-codes', { step_up: assertion })
    expect(used.code).toBe('webauthn_challenge_invalid')
  })

  test('does not take the passkey of a stranger, nor another account than the passkey is for', async () => {
    const stranger = await openBrowser(world)
    expect((await stranger.login()).code).toBe('webauthn_signature_invalid')
    expect((await alice.login({ userHandle: 'AAAA' })).code).toBe('webauthn_malformed')
  })

  test('tells the way back only when it leads nowhere else', async () => {
    const backTo = async (returnTo: string): Promise<unknown> => {
      const begun = await alice.send('/api/login/options')
      const response = await alice.passkey.assert(optionsOf(begun))
      const answer = await alice.send('/api/login', {
        ceremony: ceremonyOf(begun),
        response,
        return_to: returnTo,
      })
      return answer.json['return_to']
    }
    expect(await backTo('/approve/urn:uuid:1?a=b#c')).toBe('/approve/urn:uuid:1?a=b#c')
    for (const elsewhere of [
      '//evil.test',
      '/\\evil.test',
      'https:evil.test',
      '/.//evil.test',
      '/\t/evil.test',
    ]) {
      expect([elsewhere, await backTo(elsewhere)]).toEqual([elsewhere, '/'])
    }
  })
})

describe('a session', () => {
  let alice: Browser
  beforeEach(async () => {
    alice = await claim(world)
  })

  test('ends half an hour after the last call', async () => {
    for (let count = 0; count < 3; count += 1) {
      world.clock.advance(29 * 60)
      expect((await alice.get('/api/passkeys')).status).toBe(200)
    }
    world.clock.advance(30 * 60)
    expect((await alice.get('/api/passkeys')).code).toBe('session_invalid')
    expect((await alice.get('/api/session')).json['person']).toBeNull()
  })

  test('ends twelve hours after it began', async () => {
    for (let passed = 0; passed < 12 * 60 - 20; passed += 20) {
      world.clock.advance(20 * 60)
      expect((await alice.get('/api/passkeys')).status).toBe(200)
    }
    world.clock.advance(20 * 60)
    expect((await alice.get('/api/passkeys')).code).toBe('session_invalid')
  })

  test('survives a restart, and is stored as a hash', async () => {
    const token = alice.cookie?.split('=')[1] ?? ''
    const restarted = await world.restart()
    const browser = await openBrowser(restarted)
    browser.cookie = alice.cookie
    expect((await browser.get('/api/passkeys')).status).toBe(200)
    await restarted.authority.close()
    expect(readFileSync(world.databasePath).includes(token)).toBe(false)
  })

  test('is none while its person is disabled, however that came about', async () => {
    await world.authority.close()
    const database = openDatabase(world.databasePath)
    database.prepare('update persons set disabled_at = 1').run()
    database.close()
    const browser = await openBrowser(await world.restart())
    browser.cookie = alice.cookie
    expect((await browser.get('/api/passkeys')).code).toBe('session_invalid')
  })

  test('ends when the person signs out, here or everywhere', async () => {
    const other = await openBrowser(world, alice.passkey)
    await other.login()
    const answer = await alice.send('/api/logout')
    expect(answer.status).toBe(204)
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-behalf-session=; Max-Age=0;/u)
    expect(alice.cookie).toBeUndefined()
    expect((await other.get('/api/passkeys')).status).toBe(200)
    await alice.login()
    expect((await alice.send('/api/logout-everywhere')).status).toBe(204)
    expect((await other.get('/api/passkeys')).code).toBe('session_invalid')
  })

  test('is of no use under a token that was made up', async () => {
    for (const token of ['', 'x', 'A'.repeat(43)]) {
      const browser = await openBrowser(world)
      browser.cookie = `__Host-behalf-session=${token}`
      expect((await browser.get('/api/passkeys')).code).toBe('session_invalid')
    }
  })
})

describe('a call that changes something', () => {
  let alice: Browser
  beforeEach(async () => {
    alice = await claim(world)
  })

  test.each<[string, Record<string, string | null>]>([
    ['without an origin', { origin: null }],
    ['from another origin', { origin: 'https://evil.test' }],
    ['from an origin that begins like this one', { origin: 'http://localhost' }],
    ['from nowhere', { origin: 'null' }],
    ['as text', { 'content-type': 'text/plain' }],
    ['as a form', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['without a type', { 'content-type': '' }],
    ['without the token', { 'x-csrf-token': null }],
    ['with another token', { 'x-csrf-token': 'A'.repeat(43) }],
    ['with the token in another case', { 'x-csrf-token': 'a' }],
  ])('is refused %s', async (_what, headers) => {
    const answer = await alice.call('/api/logout-everywhere', { method: 'POST', body: {}, headers })
    expect([answer.status, answer.code]).toEqual([403, 'csrf_invalid'])
    expect((await alice.get('/api/passkeys')).status).toBe(200)
  })

  test('is refused with the token of another session of the same person', async () => {
    const other = await openBrowser(world, alice.passkey)
    await other.login()
    const headers = { 'x-csrf-token': other.csrf ?? '' }
    expect((await alice.call('/api/logout', { method: 'POST', body: {}, headers })).code).toBe('csrf_invalid')
  })

  test('needs a session before a token', async () => {
    alice.cookie = undefined
    expect((await alice.send('/api/logout')).code).toBe('session_invalid')
  })

  test('is refused with a body that is too large or is none', async () => {
    const large = JSON.stringify({ message: 'a'.repeat(70_000) })
    expect((await alice.call('/api/ceremony-errors', { method: 'POST', body: large })).code).toBe(
      'request_too_large',
    )
    for (const body of ['{', '[]', '{"message":"a","message":"b"}', '{"message":"a","more":1}']) {
      expect((await alice.call('/api/ceremony-errors', { method: 'POST', body })).code).toBe('input_invalid')
    }
    expect((await alice.get('/api/session?x=1')).code).toBe('input_invalid')
  })
})

describe('passkeys', () => {
  let alice: Browser
  beforeEach(async () => {
    alice = await claim(world)
  })

  async function add(): Promise<string> {
    const begun = await alice.send('/api/passkeys/options', { step_up: await alice.stepUp() })
    const passkey = await createTestPasskey({ origin: world.origin, backedUp: true })
    const response = await passkey.register(optionsOf(begun))
    const answer = await alice.send('/api/passkeys', {
      ceremony: ceremonyOf(begun),
      passkey_name: 'phone',
      response,
    })
    expect(answer.status).toBe(201)
    return passkey.id
  }

  test('are added after a fresh assertion, renamed, and removed after another', async () => {
    expect((await alice.send('/api/passkeys/options', {})).code).toBe('step_up_required')
    const id = await add()
    const renamed = await alice.send(`/api/passkeys/${id}`, { name: 'old phone' }, 'PATCH')
    expect(renamed.json).toMatchObject({ id, name: 'old phone', synced: true, software: false })
    expect((await alice.send(`/api/passkeys/${id}`, {}, 'DELETE')).code).toBe('step_up_required')
    const removed = await alice.send(`/api/passkeys/${id}`, { step_up: await alice.stepUp() }, 'DELETE')
    expect(removed.status).toBe(204)
    const events = await eventTypes()
    expect(events.slice(-3)).toEqual(['passkey_added', 'passkey_renamed', 'passkey_removed'])
  })

  test('stay when it is the last one', async () => {
    const last = `/api/passkeys/${alice.passkey.id}`
    const answer = await alice.send(last, { step_up: await alice.stepUp() }, 'DELETE')
    expect([answer.status, answer.code]).toEqual([403, 'forbidden'])
  })

  test('of somebody else look like none', async () => {
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    for (const id of [alice.passkey.id, 'AAAA']) {
      const path = `/api/passkeys/${id}`
      expect((await bob.send(path, {}, 'DELETE')).code).toBe('not_found')
      const body = { step_up: await bob.stepUp() }
      expect((await bob.send(path, body, 'DELETE')).code).toBe('not_found')
      expect((await bob.send(path, { name: 'mine' }, 'PATCH')).code).toBe('not_found')
    }
    expect((await alice.get('/api/passkeys')).json['passkeys']).toHaveLength(1)
  })

  test('are registered once', async () => {
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const begun = await bob.send('/api/passkeys/options', { step_up: await bob.stepUp() })
    expect(optionsOf(begun)['excludeCredentials']).toEqual([{ id: bob.passkey.id, type: 'public-key' }])
    const response = await alice.passkey.register(optionsOf(begun))
    const answer = await bob.send('/api/passkeys', {
      ceremony: ceremonyOf(begun),
      passkey_name: 'x',
      response,
    })
    expect([answer.status, answer.code]).toEqual([409, 'webauthn_credential_exists'])
  })

  test('answer only the ceremony of their own session', async () => {
    const other = await openBrowser(world, alice.passkey)
    await other.login()
    const stepUp = await other.stepUp()
    expect((await alice.send('/api/recovery-codes', { step_up: stepUp })).code).toBe(
      'webauthn_challenge_invalid',
    )
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const begun = await bob.send('/api/step-up/options')
    const foreign = { ceremony: ceremonyOf(begun), response: await alice.passkey.assert(optionsOf(begun)) }
    expect((await bob.send('/api/recovery-codes', { step_up: foreign })).code).toBe(
      'webauthn_signature_invalid',
    )
  })
})

describe('recovery codes', () => {
  test('let a person make a new passkey, once each, and end every session', async () => {
    const alice = await openBrowser(world)
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const claimed = await alice.register('claim', { code, id: 'alice', name: 'Alice' })
    const [first, second] = claimed.json['recovery_codes'] as string[]
    const lost = await openBrowser(world)
    const answer = await lost.register('recover', { person: 'alice', code: first })
    expect(answer.json).toMatchObject({ person: { id: 'alice' }, recovery_codes_left: 9 })
    expect((await alice.get('/api/passkeys')).code).toBe('session_invalid')
    expect((await lost.get('/api/passkeys')).json['passkeys']).toHaveLength(2)
    const again = await openBrowser(world)
    expect((await again.register('recover', { person: 'alice', code: first })).code).toBe('approval_consumed')
    expect((await again.register('recover', { person: 'bob', code: second })).code).toBe('not_found')
    expect((await again.register('recover', { person: 'alice', code: 'zzzz' })).code).toBe('not_found')
    expect(await eventTypes()).toEqual(expect.arrayContaining(['recovery_code_used']))
  })

  test('are used up only once the passkey is made', async () => {
    const alice = await openBrowser(world)
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const claimed = await alice.register('claim', { code, id: 'alice', name: 'Alice' })
    const [first] = claimed.json['recovery_codes'] as string[]
    const lost = await openBrowser(world)
    const failed = await lost.register('recover', { person: 'alice', code: first }, { userVerified: false })
    expect(failed.code).toBe('webauthn_user_not_verified')
    expect((await lost.register('recover', { person: 'alice', code: first })).status).toBe(200)
  })

  test('are replaced as a whole, after a fresh assertion', async () => {
    const alice = await openBrowser(world)
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const claimed = await alice.register('claim', { code, id: 'alice', name: 'Alice' })
    const [old] = claimed.json['recovery_codes'] as string[]
    expect((await alice.send('/api/recovery-codes')).code).toBe('step_up_required')
    const made = await alice.send('/api/recovery-codes', { step_up: await alice.stepUp() })
    const [fresh] = made.json['recovery_codes'] as string[]
    const lost = await openBrowser(world)
    expect((await lost.register('recover', { person: 'alice', code: old })).code).toBe('not_found')
    expect((await lost.register('recover', { person: 'alice', code: fresh })).status).toBe(200)
  })
})

describe('invitations', () => {
  let alice: Browser
  beforeEach(async () => {
    alice = await claim(world)
  })

  test('make a person of whoever follows them, with what the operator chose', async () => {
    const body = { id: 'bob', name: 'Bob', roles: ['auditor', 'approver'], tenant: 'acme' }
    const invited = await alice.send('/api/invitations', body)
    expect(invited.json).toMatchObject({
      id: 'bob',
      roles: ['approver', 'auditor'],
      url: expect.stringMatching(new RegExp(`^${world.origin}/join#[\\w-]{43}$`, 'u')),
    })
    const listed = (await alice.get('/api/invitations')).json['invitations']
    expect(listed).toEqual([expect.objectContaining({ id: 'bob', name: 'Bob', tenant: 'acme' })])
    expect(JSON.stringify(listed)).not.toContain('url')
    const bob = await openBrowser(world)
    const code = new URL(textOf(invited, 'url')).hash.slice(1)
    const joined = await bob.register('join', { code })
    expect(joined.json).toMatchObject({
      person: { id: 'bob', name: 'Bob', roles: ['approver', 'auditor'], tenant: 'acme' },
    })
    expect(joined.json['recovery_codes']).toHaveLength(10)
    expect((await alice.get('/api/invitations')).json['invitations']).toEqual([])
    expect((await (await openBrowser(world)).register('join', { code })).code).toBe('approval_consumed')
  })

  test('end after three days, when withdrawn, and when there is a newer one', async () => {
    const codeOf = async (): Promise<string> => {
      const invited = await alice.send('/api/invitations', { id: 'bob', roles: ['approver'] })
      return new URL(textOf(invited, 'url')).hash.slice(1)
    }
    const bob = await openBrowser(world)
    const first = await codeOf()
    const second = await codeOf()
    expect((await bob.register('join', { code: first })).code).toBe('not_found')
    const withdrawn = await alice.call('/api/invitations/bob', { method: 'DELETE' })
    expect([withdrawn.status, world.log.filter((line) => line.includes('fault'))]).toEqual([204, []])
    expect((await alice.send('/api/invitations/bob', {}, 'DELETE')).code).toBe('not_found')
    expect((await bob.register('join', { code: second })).code).toBe('not_found')
    const third = await codeOf()
    world.clock.advance(72 * 3600)
    expect((await bob.register('join', { code: third })).code).toBe('not_found')
  })

  test('are for ids that nobody has, in whatever case', async () => {
    for (const id of ['alice', 'ALICE']) {
      const answer = await alice.send('/api/invitations', { id, roles: ['approver'] })
      expect([answer.code, answer.json['field']]).toEqual(['input_invalid', 'id'])
    }
    expect((await alice.send('/api/invitations', { id: 'bob', roles: [] })).code).toBe('input_invalid')
    expect((await alice.send('/api/invitations', { id: 'bob', roles: ['root'] })).code).toBe('input_invalid')
  })
})

describe('people', () => {
  let alice: Browser
  let bob: Browser
  beforeEach(async () => {
    alice = await claim(world)
    bob = await invite(alice, { id: 'bob', roles: ['approver'] })
  })

  test('are listed for operators and auditors, and changed by operators after a fresh assertion', async () => {
    expect((await bob.get('/api/people')).code).toBe('forbidden')
    expect((await alice.get('/api/people')).json['people']).toMatchObject([
      { id: 'alice' },
      { id: 'bob', passkeys: 1 },
    ])
    expect((await alice.send('/api/people/bob', { roles: ['auditor'] }, 'PATCH')).code).toBe(
      'step_up_required',
    )
    const body = { roles: ['auditor'], name: 'Robert', step_up: await alice.stepUp() }
    const changed = await alice.send('/api/people/bob', body, 'PATCH')
    expect(changed.json).toMatchObject({ id: 'bob', name: 'Robert', roles: ['auditor'] })
    expect((await bob.get('/api/people')).status).toBe(200)
    const again = { roles: ['operator'], step_up: await alice.stepUp() }
    expect((await alice.send('/api/people/nobody', again, 'PATCH')).code).toBe('not_found')
    expect((await bob.send('/api/people/bob', again, 'PATCH')).code).toBe('forbidden')
    expect((await eventTypes()).at(-1)).toBe('person_changed')
  })

  test('who are disabled are signed out, and in no more, until they are enabled', async () => {
    const disabled = { disabled: true, step_up: await alice.stepUp() }
    expect((await alice.send('/api/people/bob', disabled, 'PATCH')).json).toHaveProperty('disabled_at')
    expect((await bob.get('/api/passkeys')).code).toBe('session_invalid')
    expect((await bob.login()).code).toBe('forbidden')
    const enabled = { disabled: false, step_up: await alice.stepUp() }
    expect((await alice.send('/api/people/bob', enabled, 'PATCH')).json).not.toHaveProperty('disabled_at')
    expect((await bob.get('/api/passkeys')).code).toBe('session_invalid')
    expect((await bob.login()).status).toBe(200)
  })

  test('always have an operator among them', async () => {
    for (const change of [{ roles: ['approver'] }, { disabled: true }]) {
      const body = { ...change, step_up: await alice.stepUp() }
      expect((await alice.send('/api/people/alice', body, 'PATCH')).code).toBe('forbidden')
    }
    expect((await alice.get('/api/people')).json['people']).toMatchObject([
      { roles: ['approver', 'operator', 'auditor'] },
      {},
    ])
  })
})

describe('what a browser said', () => {
  test('is one line of the log, whatever it says', async () => {
    const browser = await openBrowser(world)
    const message = 'x\r\n2026 INFO approved \u001b[2J\u009b31m\u202e\\'
    expect((await browser.send('/api/ceremony-errors', { message })).status).toBe(204)
    const line = world.log.find((text) => text.includes('ceremony failed')) ?? ''
    expect(line).toContain('x\\\\u{d}\\\\u{a}2026 INFO approved \\\\u{1b}[2J\\\\u{9b}31m\\\\u{202e}\\\\u{5c}')
  })

  test('does not fill the log', async () => {
    const browser = await openBrowser(world)
    for (let count = 0; count < 60; count += 1) await browser.send('/api/ceremony-errors', { message: 'x' })
    expect((await browser.send('/api/ceremony-errors', { message: 'x' })).code).toBe('rate_limited')
    world.clock.advance(60)
    expect((await browser.send('/api/ceremony-errors', { message: 'x' })).status).toBe(204)
  })
})
