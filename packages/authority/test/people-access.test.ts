import { beforeEach, describe, expect, test } from 'vitest'
import { PEOPLE_ACCESS, type RouteName } from '../src/index.ts'
import { checkPeopleAccess, peopleAccessOf } from '../src/people/people-access.ts'
import { createWorld, type RawAnswer, type World } from './support/authority-world.ts'
import { type Browser, ceremonyOf, claim, invite, openBrowser, optionsOf } from './support/browser.ts'

const ABSENT = 'urn:uuid:00000000-0000-4000-8000-000000000000'
const NAMES = Object.keys(PEOPLE_ACCESS) as RouteName[]
/** Answers without an end, which have tests of their own. */
const ENDLESS = 'GET /api/live'

/** Whether a route, perhaps one with a parameter, takes this method at this path. */
function isServed(method: string, path: string): boolean {
  return NAMES.some((name) => {
    const [verb, template = ''] = name.split(' ')
    return verb === method && new RegExp(`^${template.replace('{id}', '[^/]+')}$`, 'u').test(path)
  })
}

async function call(browser: Browser, name: RouteName): Promise<RawAnswer> {
  const [method = '', path = ''] = name.split(' ')
  const isChange = method !== 'GET'
  return browser.call(path.replace('{id}', ABSENT), { method, ...(isChange && { body: {} }) })
}

describe('which people may call what', () => {
  let world: World
  let browsers: Readonly<Record<'nobody' | 'approver' | 'operator' | 'auditor', Browser>>
  beforeEach(async () => {
    world = await createWorld()
    const first = await claim(world)
    browsers = {
      nobody: await openBrowser(world),
      approver: await invite(first, { id: 'an-approver', roles: ['approver'] }),
      operator: await invite(first, { id: 'an-operator', roles: ['operator'] }),
      auditor: await invite(first, { id: 'an-auditor', roles: ['auditor'] }),
    }
  })

  test('every route but those for anybody needs a session', async () => {
    for (const name of NAMES.filter((route) => PEOPLE_ACCESS[route] !== 'anybody')) {
      const answer = await call(browsers.nobody, name)
      expect([name, answer.status, answer.code]).toEqual([name, 401, 'session_invalid'])
    }
    for (const name of NAMES.filter((route) => PEOPLE_ACCESS[route] === 'anybody')) {
      expect([name, (await call(browsers.nobody, name)).code]).not.toEqual([name, 'session_invalid'])
    }
  })

  test('a route for a role is for nobody without it', async () => {
    const allowed: Readonly<Record<string, readonly string[]>> = {
      approver: ['approver'],
      operator: ['operator'],
      reader: ['operator', 'auditor'],
    }
    for (const name of NAMES.filter((route) => (PEOPLE_ACCESS[route] ?? '') in allowed)) {
      const roles = allowed[PEOPLE_ACCESS[name] ?? ''] ?? []
      for (const role of ['approver', 'operator', 'auditor'] as const) {
        const answer = await call(browsers[role], name)
        const isAllowed = roles.some((known) => known === role)
        expect([name, role, answer.code === 'forbidden']).toEqual([name, role, !isAllowed])
      }
    }
  })

  test('what is for everybody who is signed in answers each of them', async () => {
    const reading = NAMES.filter((name) => name.startsWith('GET ') && !name.includes('{') && name !== ENDLESS)
    for (const name of reading.filter((route) => PEOPLE_ACCESS[route] === 'person')) {
      for (const role of ['approver', 'operator', 'auditor'] as const) {
        expect([name, role, (await call(browsers[role], name)).status]).toEqual([name, role, 200])
      }
    }
  })

  test('every route that changes something is refused from elsewhere, before anything else', async () => {
    for (const name of NAMES.filter((route) => !route.startsWith('GET '))) {
      const [method = '', path = ''] = name.split(' ')
      for (const headers of [{ origin: 'https://evil.test' }, { 'content-type': 'text/plain' }]) {
        for (const browser of [browsers.nobody, browsers.operator]) {
          const answer = await browser.call(path.replace('{id}', ABSENT), { method, body: '{', headers })
          expect([name, answer.status, answer.code]).toEqual([name, 403, 'csrf_invalid'])
        }
      }
    }
  })

  test('no route for people takes another method than its own, nor a signature instead of a session', async () => {
    for (const path of new Set(NAMES.map((name) => name.split(' ')[1] ?? ''))) {
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
        if (isServed(method, path)) continue
        const answer = await browsers.operator.call(path.replace('{id}', ABSENT), { method })
        expect([method, path, answer.status, answer.code]).toEqual([method, path, 404, 'not_found'])
      }
    }
    expect((await world.operator.send({ path: '/api/people' })).code).toBe('session_invalid')
  })

  test('the table refuses a route that it does not know', () => {
    expect(() => peopleAccessOf('GET /api/nowhere')).toThrow(TypeError)
    expect(() => checkPeopleAccess('GET /api/nowhere', undefined)).toThrow(TypeError)
  })
})

describe('two at once', () => {
  test('with one code: one of them becomes a person', async () => {
    const world = await createWorld()
    const code = new URL(world.authority.claimUrl ?? '').hash.slice(1)
    const begin = async (id: string): Promise<() => Promise<RawAnswer>> => {
      const browser = await openBrowser(world)
      const begun = await browser.send('/api/claim/options', { code, id, name: id })
      const response = await browser.passkey.register(optionsOf(begun))
      return () => browser.send('/api/claim', { ceremony: ceremonyOf(begun), passkey_name: 'x', response })
    }
    const finishes = [await begin('alice'), await begin('bob')]
    const answers = await Promise.all(finishes.map((finish) => finish()))
    expect(new Set(answers.map(({ code: refused }) => refused))).toEqual(
      new Set([undefined, 'approval_consumed']),
    )
  })

  test('with one answer: one of them is signed in', async () => {
    const world = await createWorld()
    const alice = await claim(world)
    const begun = await alice.send('/api/login/options')
    const body = { ceremony: ceremonyOf(begun), response: await alice.passkey.assert(optionsOf(begun)) }
    const answers = await Promise.all([alice.send('/api/login', body), alice.send('/api/login', body)])
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 400]))
  })
})
