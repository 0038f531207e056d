import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import {
  approve,
  type Browser,
  ceremonyOf,
  invite,
  openBrowser,
  optionsOf,
  textOf,
} from '../../../packages/authority/test/support/browser.ts'
import { type CaseGroup, httpOn, own } from '../support/attack-case.ts'
import { ASKED, type RunningAuthority, walletAgent, withAuthority } from '../support/authority.ts'
import { stranger } from '../support/party.ts'
import { holding, type People, refusing, type toAnswer } from '../support/people.ts'
import { exchange } from '../support/wire.ts'

type BrowserAnswer = Awaited<ReturnType<Browser['get']>>

/** A page with one file, as far as the server has to do with it. */
const PAGE = makePage()
const LATER = { valid_until: '2099-01-01T00:00:00Z', max_seconds: 60 }
const SCRIPT = '<img src=x onerror=alert(1)>'
const BREAKOUT = '</script><svg onload=alert(1)>'

function makePage(): { readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), 'attacks-page-'))
  writeFileSync(join(folder, 'index.html'), '<!doctype html><title>Behalf</title><div id="root"></div>')
  return { folder }
}

/** An agent asks in ways that must be refused. */
const asking = (...changes: readonly object[]) =>
  httpOn('express', () =>
    withAuthority(async (running) => {
      const answers = []
      for (const change of changes) answers.push(await askAs(running, change))
      return answers
    }),
  )

const askAs = (running: RunningAuthority, change: object): ReturnType<RunningAuthority['send']> =>
  running.send({ path: '/delegation-requests', as: walletAgent, body: { ...ASKED, ...change } })

async function approveWithoutPasskey({ alice, ask }: People): Promise<readonly BrowserAnswer[]> {
  const id = await ask('alice')
  const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }], enrol: LATER })
  const path = `/api/approvals/${textOf(prepared, 'approval')}`
  const answers = [await alice.send(path), await alice.send(path, { login: true })]
  expect((await alice.get(`/api/requests/${id}`)).json['status']).toBe('pending')
  return answers
}

async function changeAfterDisplay({ alice, ask, running }: People): Promise<readonly BrowserAnswer[]> {
  const id = await ask('alice')
  const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
  const other = { ...ASKED, version: 1, on_behalf_of: { id: 'alice' }, purpose: 'Something else' }
  const path = `/delegation-requests/${id}`
  const changed = await running.send({ method: 'PUT', path, as: walletAgent, body: other })
  expect([changed.status, JSON.parse(changed.body).version]).toEqual([200, 2])
  const response = await alice.passkey.assert(optionsOf(prepared))
  return [
    await alice.send(`/api/approvals/${textOf(prepared, 'approval')}`, { response }),
    await alice.send('/api/approvals', { requests: [{ id, version: 1 }] }),
    await alice.send(`/api/requests/${id}/deny`, { version: 1 }),
  ]
}

/** Whoever made the link gets nothing that the key which asked does not get, and the person saw that key. */
async function fixateSession({ alice, ask, running }: People): Promise<void> {
  const id = await ask('alice')
  const { json } = await alice.get(`/api/requests/${id}`)
  expect(json).toMatchObject({
    agent: walletAgent.did,
    agent_fingerprint: expect.stringMatching(/^[\da-f]{4} /u),
  })
  expect((await approve(alice, [{ id, version: 1 }])).status).toBe(200)
  const path = `/delegation-requests/${id}/collect`
  const thief = await running.send({ path, as: stranger, body: {} })
  expect(JSON.parse(thief.body).code).toBe('not_found')
  const collected = await running.send({ path, as: walletAgent, body: {} })
  const [, payload = ''] = String(JSON.parse(collected.body).delegation).split('.')
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString()).sub).toBe(walletAgent.did)
}

/** What a form, and a script that may not ask first, can send along with the cookie. */
const forging = (...headers: readonly Readonly<Record<string, string | null>>[]) =>
  refusing(async ({ alice, ask }) => {
    const id = await ask('alice')
    const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const response = await alice.passkey.assert(optionsOf(prepared))
    const path = `/api/approvals/${textOf(prepared, 'approval')}`
    const answers = []
    for (const changed of headers) {
      answers.push(await alice.call(path, { method: 'POST', body: { response }, headers: changed }))
      answers.push(
        await alice.call('/api/revocations', { method: 'POST', body: { mine: true }, headers: changed }),
      )
    }
    expect((await alice.send(path, { response })).status).toBe(200)
    return answers
  })

/** Hostile text arrives at the page as data, and the page may run nothing that is not its own. */
const escaping = (changes: object) =>
  holding(
    async ({ alice, ask }) => {
      const id = await ask('alice', changes)
      const view = await alice.get(`/api/requests/${id}`)
      expect(view.headers.get('content-type')).toBe('application/json')
      expect(view.headers.get('x-content-type-options')).toBe('nosniff')
      expect(view.json).toMatchObject(changes)
      for (const path of [`/approve/${id}`, '/requests', '/']) await expectCleanPage(alice, path)
      for (const path of [
        `/${encodeURIComponent(BREAKOUT)}`,
        `/api/requests/${encodeURIComponent(SCRIPT)}`,
      ]) {
        const refused = await alice.get(path)
        expect(refused.headers.get('content-type')).toBe('application/problem+json')
        expect(refused.text).not.toMatch(/svg|onerror/u)
      }
    },
    { page: PAGE },
  )

async function expectCleanPage(browser: Browser, path: string): Promise<void> {
  const page = await browser.get(path)
  expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  expect(page.text).not.toMatch(/onerror|onload|alert/u)
  const policy = page.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toMatch(/unsafe|\*|data:[^;]*script|https?:/u)
}

async function warnOfHomoglyph({ alice, ask }: People): Promise<void> {
  const id = await ask('alice', { agent_name: '\u0421alendar Bot' })
  const { json } = await alice.get(`/api/requests/${id}`)
  expect(json['name_warnings']).toEqual([expect.stringMatching(/Cyrillic and Latin|Latin and Cyrillic/u)])
  expect(json['agent_fingerprint']).toMatch(/^(?:[\da-f]{4} ){7}[\da-f]{4}$/u)
}

async function floodOneMinute(): Promise<readonly ReturnType<typeof toAnswer>[]> {
  return withAuthority(async (running) => {
    for (let count = 0; count < 1000; count += 1) {
      const answer = await askAs(running, {})
      if (answer.status !== 201) return [answer]
      running.now += 60
    }
    throw new Error('a thousand requests wait for one person')
  })
}

async function approveAnothers({ alice, ask }: People): Promise<readonly BrowserAnswer[]> {
  const bob = await invite(alice, { id: 'bob', roles: ['approver'], tenant: 'acme' })
  const id = await ask('alice')
  const absent = 'urn:uuid:00000000-0000-4000-8000-000000000000'
  const answers = []
  for (const named of [id, absent]) {
    answers.push(await bob.send('/api/approvals', { requests: [{ id: named, version: 1 }] }))
    answers.push(await bob.send(`/api/requests/${named}/deny`, { version: 1 }))
    answers.push(await bob.get(`/api/requests/${named}`))
  }
  const bodies = new Set(answers.map(({ json }) => JSON.stringify({ ...json, request_id: '' })))
  expect(bodies.size).toBe(1)
  return answers
}

async function approveTooLate({ alice, ask, running }: People): Promise<readonly BrowserAnswer[]> {
  const id = await ask('alice')
  running.now += 15 * 60_000
  return [
    await alice.send('/api/approvals', { requests: [{ id, version: 1 }] }),
    await alice.send(`/api/requests/${id}/deny`, { version: 1 }),
  ]
}

async function redirectElsewhere({ alice }: People): Promise<void> {
  const elsewhere = [
    '//evil',
    '/\\evil',
    'https:evil',
    'https://evil.test',
    '\\\\evil',
    '/\t/evil',
    '/..//evil',
    ' /x',
    'x',
  ]
  for (const returnTo of elsewhere) {
    const begun = await alice.send('/api/login/options')
    const response = await alice.passkey.assert(optionsOf(begun))
    const body = { ceremony: ceremonyOf(begun), response, return_to: returnTo }
    const answer = await alice.send('/api/login', body)
    expect([returnTo, answer.status, answer.json['return_to']]).toEqual([returnTo, 200, '/'])
    expect(answer.headers.get('location')).toBeNull()
  }
}

async function inspectCookie({ alice }: People): Promise<void> {
  const { headers } = await alice.login()
  const [pair = '', ...attributes] = (headers.get('set-cookie') ?? '').split('; ')
  expect(pair).toMatch(/^__Host-behalf-session=[\w-]{43}$/u)
  expect(attributes.toSorted()).toEqual(['HttpOnly', 'Max-Age=43200', 'Path=/', 'SameSite=Strict', 'Secure'])
}

/** Links come from the configured origin, whatever a caller says the host is. */
async function poisonHost({ alice, ask, running }: People): Promise<void> {
  const id = await ask('alice')
  const port = Number(new URL(running.origin).port)
  const headers = `Host: evil.test\r\nX-Forwarded-Host: evil.test\r\nCookie: ${alice.cookie}\r\n`
  for (const path of [`/api/requests/${id}`, '/api/session', `/approve/${id}`]) {
    const bytes = Buffer.from(`GET ${path} HTTP/1.1\r\n${headers}Connection: close\r\n\r\n`)
    const answer = await exchange({ port, bytes })
    expect([path, answer.status]).toEqual([path, 200])
    expect(answer.text).not.toContain('evil')
    if (path.startsWith('/api/requests')) {
      expect(JSON.parse(answer.body).approval_url).toBe(`${running.origin}/approve/${id}`)
    }
  }
}

/** The page for people and its API, as an attacker meets them. */
export const approvalWeb: CaseGroup = {
  name: 'Approval web app',
  catalogue: {
    'UI-001': refusing(approveWithoutPasskey),
    'UI-003': refusing(changeAfterDisplay),
    'UI-004': holding(fixateSession),
    'UI-006': forging(
      {
        origin: 'https://evil.test',
        'content-type': 'application/x-www-form-urlencoded',
        'x-csrf-token': null,
      },
      { origin: 'https://evil.test' },
      { 'x-csrf-token': null },
      { 'x-csrf-token': 'A'.repeat(43) },
    ),
    'UI-007': forging({ 'content-type': 'text/plain' }, { 'content-type': 'text/plain; a=application/json' }),
    'UI-009': escaping({ agent_name: SCRIPT }),
    'UI-010': asking({ homepage: 'javascript:alert(1)' }, { agent_url: 'javascript:alert(1)' }),
    'UI-011': escaping({ purpose: BREAKOUT }),
    'UI-012': asking(
      { agent_name: 'Invoice\u202ecod.exe' },
      { agent_name: 'a\u2066b' },
      { purpose: 'a\u202ab' },
      { on_behalf_of: { id: 'alice\u202e' } },
    ),
    'UI-013': holding(warnOfHomoglyph),
    'UI-015': asking(
      { agent_name: `Z${'\u0301'.repeat(10_000)}` },
      { agent_name: 'a'.repeat(5000) },
      { agent_name: `Z${'\u0301'.repeat(5)}` },
      { purpose: 'a'.repeat(5000) },
    ),
    'UI-016': asking(
      { agent_name: 'a'.concat('\n'.repeat(200)) },
      { agent_name: 'a\nb' },
      { purpose: 'a\r\nb' },
    ),
    'UI-018': httpOn('express', floodOneMinute),
    'UI-019': refusing(approveAnothers),
    'UI-021': refusing(approveTooLate),
    'UI-022': holding(redirectElsewhere),
    'UI-024': holding(inspectCookie),
    'UI-025': holding(poisonHost, { page: PAGE }),
  },
  own: {
    'UI-own-1': own(
      'session_invalid',
      'Nobody, a session that is over, and a token that was made up',
      refusing(async ({ alice }) => {
        const nobody = await openBrowser(alice.site)
        const guesser = await openBrowser(alice.site)
        guesser.cookie = `__Host-behalf-session=${'A'.repeat(43)}`
        const { cookie } = alice
        await alice.send('/api/logout')
        alice.cookie = cookie
        const paths = ['/api/requests', '/api/delegations', '/api/history', '/api/live', '/api/people']
        const answers = []
        for (const browser of [nobody, guesser, alice]) {
          for (const path of paths) answers.push(await browser.get(path))
        }
        return answers
      }),
    ),
    'UI-own-2': own(
      'forbidden',
      'What is for operators, by an approver',
      refusing(async ({ alice }) => {
        const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
        const step_up = await bob.stepUp()
        return [
          await bob.get('/api/people'),
          await bob.get('/api/invitations'),
          await bob.send('/api/invitations', { id: 'mallory', roles: ['operator'] }),
          await bob.send('/api/people/bob', { roles: ['operator'], step_up }, 'PATCH'),
        ]
      }),
    ),
    'UI-own-3': own(
      'webauthn_challenge_invalid',
      'An approval that was given, given again',
      refusing(async ({ alice, ask }) => {
        const id = await ask('alice')
        const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
        const response = await alice.passkey.assert(optionsOf(prepared))
        const path = `/api/approvals/${textOf(prepared, 'approval')}`
        expect((await alice.send(path, { response })).status).toBe(200)
        return alice.send(path, { response })
      }),
    ),
  },
}
