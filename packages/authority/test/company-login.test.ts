import { beforeEach, describe, expect, test } from 'vitest'
import { createWorld, freePort, type RawAnswer, type World } from './support/authority-world.ts'
import { type Browser, ceremonyOf, claim, invite, openBrowser, optionsOf } from './support/browser.ts'
import { type Company, startCompany } from './support/company.ts'
import { arrive, type DepartOptions, departFrom, logInAtCompany, visit } from './support/company-trip.ts'

let world: World
let company: Company
let alice: Browser
beforeEach(async () => {
  const port = await freePort()
  const first = await createWorld()
  company = await startCompany(first.origin, port)
  world = await first.restart({ oidc: company.options })
  // The provider has a clock of its own, that of the machine.
  world.clock.advance((Date.now() - world.clock()) / 1000)
  alice = await claim(world)
})

const depart = (options: DepartOptions = {}) => departFrom(world, options)
const logIn = (options: DepartOptions = {}) => logInAtCompany(world, options)

const refusalOf = ({ status, headers }: RawAnswer): unknown => [
  status,
  headers.get('location')?.replace('/login#refused=', ''),
  headers.getSetCookie().some((line) => line.startsWith('__Host-behalf-session')),
]
const INVALID = [303, 'oidc_invalid', false]
const FORBIDDEN = [303, 'forbidden', false]

async function rolesOf(id: string): Promise<unknown> {
  const { people } = (await alice.get('/api/people')).json
  return Array.isArray(people) ? people.find((person) => Object(person)['id'] === id && person) : undefined
}

describe('signing in at the company', () => {
  test('makes whoever has a role a person, and says how they signed in', async () => {
    company.employee = {
      sub: 'u-1',
      preferred_username: 'carol',
      name: 'Carol C',
      groups: ['deciders', 'watchers', 'x'],
    }
    const { browser, answer } = await logIn({ returnTo: '/requests?a=1&b="><script>' })
    expect(answer.status).toBe(200)
    expect((await browser.get('/api/session')).json).toMatchObject({
      person: { id: 'carol', name: 'Carol C', roles: ['approver', 'auditor'] },
      login_method: 'oidc',
      login: ['passkey', 'oidc'],
    })
    const events = await world.authority.issuer.listEvents()
    expect(events.at(-1)).toMatchObject({
      type: 'person_joined',
      data: { person: 'carol', roles: ['approver', 'auditor'], by: 'oidc' },
    })
    expect((await alice.get('/api/session')).json).toMatchObject({ login_method: 'passkey' })
  })

  test('lands on a page of this site that goes on by itself, without script', async () => {
    const { answer } = await logIn({ returnTo: '/requests?q="><script>alert(1)</script>' })
    expect(answer.text).toContain('content="0;url=/requests?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E"')
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    expect(answer.headers.getSetCookie()).toEqual([
      '__Host-behalf-login=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      expect.stringMatching(/^__Host-behalf-session=[\w-]{43}; .*SameSite=Strict$/u),
    ])
  })

  test.each(['https://evil.example/', '//evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'goes to no other site: %s',
    async (returnTo) => {
      expect((await logIn({ returnTo })).answer.text).toContain('content="0;url=/"')
    },
  )

  test('keeps what binds the answer at the authority', async () => {
    const { url, answer } = await depart()
    expect(answer.headers.get('set-cookie')).toMatch(
      /^__Host-behalf-login=[\w-]+\.[\w-]{43}; Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax$/u,
    )
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      redirect_uri: `${world.origin}/api/oidc/callback`,
      scope: 'openid',
    })
  })

  test('lands at the start when the way back would not fit into a cookie', async () => {
    const long = await logIn({ returnTo: `/${'a'.repeat(1000)}` })
    expect(long.answer.text).toContain('content="0;url=/"')
    const fits = await logIn({ returnTo: `/${'a'.repeat(999)}` })
    expect(fits.answer.text).toContain(`content="0;url=/${'a'.repeat(999)}"`)
  })

  test('ends the session in which it began', async () => {
    const first = (await logIn()).browser
    const before = first.cookie
    const { browser } = await logIn({ browser: first })
    expect(browser.cookie).not.toBe(before)
    const old = await openBrowser(world)
    old.cookie = before
    expect((await old.get('/api/session')).json).toMatchObject({ person: null })
  })
})

describe('an answer is not believed', () => {
  test('in a browser that did not ask', async () => {
    const { trip, url } = await depart()
    const back = await visit(trip, url)
    trip.login = undefined
    expect(refusalOf(await arrive(trip, back))).toEqual(INVALID)
    trip.login = `__Host-behalf-login=${'A'.repeat(43)}`
    expect(refusalOf(await arrive(trip, back))).toEqual(INVALID)
  })

  test('with another state', async () => {
    const { trip, url } = await depart()
    const back = await visit(trip, url)
    back.searchParams.set('state', 'A'.repeat(43))
    expect(refusalOf(await arrive(trip, back))).toEqual(INVALID)
  })

  test('with another nonce in the token', async () => {
    const { trip, url } = await depart()
    url.searchParams.set('nonce', 'A'.repeat(43))
    expect(refusalOf(await arrive(trip, await visit(trip, url)))).toEqual(INVALID)
    expect(world.log.join()).toContain('unexpected JWT claim value')
  })

  test('to another code challenge', async () => {
    const { trip, url } = await depart()
    url.searchParams.set('code_challenge', 'A'.repeat(43))
    expect(refusalOf(await arrive(trip, await visit(trip, url)))).toEqual(INVALID)
  })

  test('twice', async () => {
    const { trip, url } = await depart()
    const back = await visit(trip, url)
    expect((await arrive(trip, back)).status).toBe(200)
    expect(refusalOf(await arrive(trip, back))).toEqual(INVALID)
  })

  test('with a code that was used, whatever login carries it', async () => {
    const { trip, url } = await depart()
    const back = await visit(trip, url)
    await arrive(trip, back)
    const next = await depart()
    back.searchParams.set('state', next.url.searchParams.get('state') ?? '')
    expect(refusalOf(await arrive(next.trip, back))).toEqual(INVALID)
    expect(world.log.join()).toContain('invalid_grant')
  })

  test('after five minutes', async () => {
    const { trip, url } = await depart()
    const back = await visit(trip, url)
    world.clock.advance(300)
    expect(refusalOf(await arrive(trip, back))).toEqual(INVALID)
  })

  test('with a token that has expired by the clock of the authority', async () => {
    world.clock.advance(700)
    const { trip, url } = await depart()
    expect(refusalOf(await arrive(trip, await visit(trip, url)))).toEqual(INVALID)
    expect(world.log.join()).toContain('JWT timestamp claim value')
  })

  test('when the provider refused, and what it says cannot forge a line of the log', async () => {
    company.employee = { sub: '', preferred_username: '' }
    const { trip, url } = await depart()
    const back = await visit(trip, url)
    back.searchParams.set('error_description', 'no\nadmin signed in \u001b[31m')
    expect(refusalOf(await arrive(trip, back))).toEqual(INVALID)
    const said = world.log
      .map((line) => String(JSON.parse(line).said))
      .find((text) => text.includes('access_denied'))
    expect(said).toContain('no\\u{a}admin signed in \\u{1b}[31m')
  })

  test('without the claim that names the person, or with groups that are no list', async () => {
    company.employee = { sub: 'u-9', preferred_username: 'did:key:z6Mk', groups: ['deciders'] }
    expect(refusalOf((await logIn()).answer)).toEqual([303, 'input_invalid', false])
    company.employee = { sub: 'u-9', preferred_username: 'dora', groups: 'deciders' }
    expect(refusalOf((await logIn()).answer)).toEqual(INVALID)
  })

  test("when its signature is not the provider's", async () => {
    const tampering = await world.restart({
      oidc: { ...company.options, fetch: forgeTokens },
    })
    world = tampering
    expect(refusalOf((await logIn()).answer)).toEqual(INVALID)
    expect(tampering.log.join()).toContain('JWT signature verification failed')
  })

  test('of a provider that is down', async () => {
    await company.stop()
    const { answer } = await depart()
    expect(refusalOf(answer)).toEqual([303, 'oidc_unavailable', false])
  })

  describe('of a provider that is there, and answers', () => {
    const answers: Readonly<Record<string, (signal: AbortSignal | null | undefined) => Promise<Response>>> = {
      'a page': async () => new Response('<h1>Sign in to the network</h1>', { headers: HTML }),
      'half of it': async () => new Response('{"issuer":"http', { headers: JSON_TYPE }),
      'until it breaks off': async () => new Response(breakingOff(), { headers: JSON_TYPE }),
      'with a fault': async () => Response.json({ error: 'server_error' }, { status: 503 }),
      'too late': (signal) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    }
    const cases = Object.keys(answers).flatMap((how) =>
      ['openid-configuration', 'token', 'jwks'].map((where) => [how, where] as const),
    )

    test.each([...cases, ['nothing', 'openid-configuration'] as const])(
      '%s at its %s',
      async (how, where) => {
        let isOn = false
        const answer = answers[how] ?? (async () => Response.json({}))
        const broken: typeof fetch = (...call) =>
          isOn && new Request(...call).url.endsWith(where) ? answer(call[1]?.signal) : fetch(...call)
        world = await world.restart({ oidc: { ...company.options, fetch: broken, timeoutSeconds: 0.3 } })
        isOn = where === 'openid-configuration'
        const { trip, url, answer: sent } = await depart()
        if (isOn) return expect(refusalOf(sent)).toEqual([303, 'oidc_unavailable', false])
        const back = await visit(trip, url)
        isOn = true
        return expect(refusalOf(await arrive(trip, back))).toEqual([303, 'oidc_unavailable', false])
      },
    )
  })

  test('where there is no company login', async () => {
    const plain = await openBrowser(await createWorld())
    for (const path of ['/api/oidc/start', '/api/oidc/callback?code=a&state=b']) {
      expect([path, (await plain.get(path)).code]).toEqual([path, 'not_found'])
    }
    expect((await plain.get('/api/session')).json['login']).toEqual(['passkey'])
  })
})

const HTML = { 'content-type': 'text/html' }
const JSON_TYPE = { 'content-type': 'application/json' }

function breakingOff(): ReadableStream<Uint8Array> {
  let isBegun = false
  return new ReadableStream({
    pull: (controller) => {
      if (isBegun) controller.error(new TypeError('terminated'))
      else controller.enqueue(new TextEncoder().encode('{"issuer"'))
      isBegun = true
    },
  })
}

/** A provider in the middle that changes the groups in the token. */
async function forgeTokens(...call: Parameters<typeof fetch>): Promise<Response> {
  const response = await fetch(...call)
  const json: unknown = await response.json()
  const token = Object(json)['id_token']
  if (typeof token !== 'string') return Response.json(json)
  const [head, claims = '', signature] = token.split('.')
  const changed = { ...JSON.parse(Buffer.from(claims, 'base64url').toString()), groups: ['admins'] }
  const forged = [head, Buffer.from(JSON.stringify(changed)).toString('base64url'), signature].join('.')
  return Response.json({ ...Object(json), id_token: forged })
}

describe('groups', () => {
  test('are roles at each login, and a change is recorded', async () => {
    await logIn()
    company.employee = { ...company.employee, groups: ['admins', 'watchers'] }
    const { browser } = await logIn()
    expect((await browser.get('/api/session')).json).toMatchObject({
      person: { roles: ['operator', 'auditor'] },
    })
    const events = await world.authority.issuer.listEvents()
    expect(events.at(-1)).toMatchObject({
      type: 'person_changed',
      data: { person: 'carol', roles: ['operator', 'auditor'], disabled: false, by: 'oidc' },
    })
    await logIn()
    expect(await world.authority.issuer.listEvents()).toHaveLength(events.length)
  })

  test('that give nothing leave nothing: no roles, no session', async () => {
    const { browser } = await logIn()
    company.employee = { ...company.employee, groups: ['constructor'] }
    expect(refusalOf((await logIn()).answer)).toEqual(FORBIDDEN)
    expect((await browser.get('/api/session')).json).toMatchObject({ person: null })
    expect(await rolesOf('carol')).toMatchObject({ roles: [] })
  })

  test('that give nothing make nobody', async () => {
    company.employee = { sub: 'u-2', preferred_username: 'dave' }
    expect(refusalOf((await logIn()).answer)).toEqual(FORBIDDEN)
    expect(await rolesOf('dave')).toBeUndefined()
  })

  test('never take the last operator', async () => {
    company.employee = { sub: 'u-a', preferred_username: 'alice', groups: ['watchers'] }
    expect(refusalOf((await logIn({ browser: alice })).answer)).toEqual(FORBIDDEN)
    await alice.login()
    expect(await rolesOf('alice')).toMatchObject({ roles: ['approver', 'operator', 'auditor'] })
  })
})

describe('a person', () => {
  test('who is disabled stays out', async () => {
    await logIn()
    await alice.send('/api/people/carol', { disabled: true, step_up: await alice.stepUp() }, 'PATCH')
    expect(refusalOf((await logIn()).answer)).toEqual(FORBIDDEN)
  })

  test('is one account at the provider, and the account is one person', async () => {
    await logIn()
    company.employee = { ...company.employee, sub: 'u-2' }
    expect(refusalOf((await logIn()).answer)).toEqual(FORBIDDEN)
    company.employee = { ...company.employee, sub: 'u-1', preferred_username: 'carola' }
    expect(refusalOf((await logIn()).answer)).toEqual(FORBIDDEN)
    company.employee = { ...company.employee, sub: 'u-3', preferred_username: 'CAROL' }
    expect(refusalOf((await logIn()).answer)).toEqual(FORBIDDEN)
  })

  test('who joined otherwise is nobody the provider can become, unless they say so themselves', async () => {
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    company.employee = { sub: 'u-b', preferred_username: 'bob', groups: ['deciders'] }
    expect(refusalOf((await logIn()).answer)).toEqual(FORBIDDEN)
    expect(refusalOf((await logIn({ browser: await claimAgain() })).answer)).toEqual(FORBIDDEN)
    expect((await logIn({ browser: bob })).answer.status).toBe(200)
    expect((await logIn()).answer.status).toBe(200)
  })

  test('does not enter before the authority was claimed', async () => {
    const fresh = await createWorld({ oidc: company.options })
    const behind = await startCompany(fresh.origin, await freePort())
    world = await fresh.restart({ oidc: behind.options })
    world.clock.advance((Date.now() - world.clock()) / 1000)
    expect(refusalOf((await logIn()).answer)).toEqual(FORBIDDEN)
    expect(world.authority.claimUrl).toBeDefined()
  })

  /** Somebody else who is signed in. */
  async function claimAgain(): Promise<Browser> {
    await alice.login()
    return alice
  }
})

describe('the first passkey', () => {
  const begin = (browser: Browser): Promise<RawAnswer> => browser.send('/api/passkeys/options')
  const finish = async (browser: Browser, begun: RawAnswer): Promise<RawAnswer> => {
    const response = await browser.passkey.register(optionsOf(begun))
    return browser.send('/api/passkeys', { ceremony: ceremonyOf(begun), passkey_name: 'key', response })
  }

  test('is registered right after a company login; the second takes the first', async () => {
    const { browser } = await logIn()
    expect((await finish(browser, await begin(browser))).status).toBe(201)
    expect((await begin(browser)).code).toBe('step_up_required')
    const again = (await logIn()).browser
    expect((await begin(again)).code).toBe('step_up_required')
    expect((await browser.login()).json).toMatchObject({ person: { id: 'carol' }, login_method: 'passkey' })
  })

  test('is one, however many were begun', async () => {
    const { browser } = await logIn()
    const begun = [await begin(browser), await begin(browser)] as const
    expect((await finish(browser, begun[0])).status).toBe(201)
    const other = await openBrowser(world)
    Object.assign(browser, { passkey: other.passkey })
    expect((await finish(browser, begun[1])).code).toBe('step_up_required')
  })

  test('takes a login that is fresh', async () => {
    const { browser } = await logIn()
    world.clock.advance(301)
    expect((await begin(browser)).code).toBe('step_up_required')
  })
})

test('options that make no sense stop the start', async () => {
  const { options } = company
  for (const wrong of [
    { issuer: 'http://login.example' },
    { issuer: 'login' },
    { clientId: '' },
    { clientSecret: '' },
    { principalClaim: '' },
    { scope: 'profile' },
    { timeoutSeconds: 0 },
    { roles: {} },
    { roles: { admins: 'root' as 'operator' } },
  ]) {
    await expect(createWorld({ oidc: { ...options, ...wrong } })).rejects.toThrow(TypeError)
  }
})
