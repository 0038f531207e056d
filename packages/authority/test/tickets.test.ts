import { beforeEach, describe, expect, test } from 'vitest'
import { createTickets, type Tickets } from '../src/people/tickets.ts'
import { createWorld, type RawAnswer } from './support/authority-world.ts'
import { ceremonyOf, claim, openBrowser, optionsOf, textOf } from './support/browser.ts'

const SECONDS = 300
const KEY = new Uint8Array(32).fill(7)
let now: number
let tickets: Tickets

const create = (): Tickets => {
  let count = 0
  const random = (length: number): Uint8Array => {
    count += 1
    return new Uint8Array(length).fill(count)
  }
  return createTickets({ clock: () => now, random, seconds: SECONDS, key: KEY, maxAnswered: 3 })
}
beforeEach(() => {
  now = 1_000_000
  tickets = create()
})

describe('a ticket', () => {
  test('comes back with what it was issued with, once', () => {
    const ticket = tickets.issue('login', { returnTo: '/a?b=ü' })
    expect(tickets.redeem(ticket, 'login')).toEqual({ returnTo: '/a?b=ü' })
    expect(tickets.redeem(ticket, 'login')).toBeUndefined()
  })

  test('is for its purpose', () => {
    const ticket = tickets.issue('login', {})
    expect(tickets.redeem(ticket, 'oidc')).toBeUndefined()
    expect(tickets.redeem(ticket, 'login')).toEqual({})
  })

  test('is over at its time', () => {
    const [one, two] = [tickets.issue('login', {}), tickets.issue('login', {})]
    now += SECONDS * 1000 - 1
    expect(tickets.redeem(one, 'login')).toEqual({})
    now += 1
    expect(tickets.redeem(two, 'login')).toBeUndefined()
  })

  test('is none when a character of it differs, or it was issued elsewhere', () => {
    const ticket = tickets.issue('login', { a: 1 })
    for (let at = 0; at < ticket.length; at += 1) {
      const changed = `${ticket.slice(0, at)}${ticket[at] === 'A' ? 'B' : 'A'}${ticket.slice(at + 1)}`
      expect([at, tickets.redeem(changed, 'login')]).toEqual([at, undefined])
    }
    for (const other of ['', '.', ticket.split('.')[0] ?? '', `${ticket}.`, `${ticket}.A`]) {
      expect(tickets.redeem(other, 'login')).toBeUndefined()
    }
    const random = (length: number): Uint8Array => new Uint8Array(length).fill(99)
    const elsewhere = createTickets({ clock: () => now, random, seconds: SECONDS, key: new Uint8Array(32) })
    expect(tickets.redeem(elsewhere.issue('login', {}), 'login')).toBeUndefined()
    expect(tickets.redeem(ticket, 'login')).toEqual({ a: 1 })
  })

  test('has secrets of its own, which it does not contain', () => {
    const [one, two] = [tickets.issue('oidc', {}), tickets.issue('oidc', {})]
    const secrets = [one, two].flatMap((ticket) =>
      ['state', 'nonce', `ticket`].map((name) => tickets.derive(ticket, name)),
    )
    expect(new Set(secrets).size).toBe(6)
    expect(secrets).toContain(tickets.derive(one, 'state'))
    for (const secret of secrets) {
      expect(secret).toMatch(/^[\w-]{43}$/u)
      expect(one + two).not.toContain(secret)
    }
  })

  test('is known again by who has the same key', () => {
    expect(create().redeem(tickets.issue('login', { a: 1 }), 'login')).toEqual({ a: 1 })
  })
})

test('ten thousand logins that somebody begins are in nobody’s way, and nothing is kept of them', async () => {
  const world = await createWorld()
  const alice = await claim(world)
  const statuses = new Set<number>()
  for (let count = 0; count < 10_000; count += 1) {
    const begun = await world.authority.app.request(`${world.origin}/api/login/options`, {
      method: 'POST',
      headers: { origin: world.origin, 'content-type': 'application/json' },
      body: '{}',
    })
    statuses.add(begun.status)
  }
  expect([...statuses]).toEqual([200])
  const again = await openBrowser(world, alice.passkey)
  expect((await again.login()).json).toMatchObject({ person: { id: 'alice' } })
})

test('what takes a code waits five times for each code, and the ones before are over', async () => {
  const world = await createWorld()
  const alice = await claim(world)
  const invited = await alice.send('/api/invitations', { id: 'bob', roles: ['approver'] })
  const code = new URL(textOf(invited, 'url')).hash.slice(1)
  const bob = await openBrowser(world)
  const begun = []
  for (let count = 0; count < 6; count += 1) {
    begun.push(await bob.send('/api/join/options', { code }))
    world.clock.advance(1)
  }
  const finish = async (answer: RawAnswer): Promise<RawAnswer> => {
    const response = await bob.passkey.register(optionsOf(answer))
    return bob.send('/api/join', { ceremony: ceremonyOf(answer), passkey_name: 'key', response })
  }
  const [first, second] = begun
  if (!first || !second) throw new Error('nothing was begun')
  expect((await finish(first)).code).toBe('webauthn_challenge_invalid')
  expect((await finish(second)).json).toMatchObject({ person: { id: 'bob' } })
})

test('a login that was begun before a restart goes on after it, and none leads to two sessions', async () => {
  let world = await createWorld()
  const alice = await claim(world)
  const begun = await alice.send('/api/login/options')
  const body = { ceremony: ceremonyOf(begun), response: await alice.passkey.assert(optionsOf(begun)) }
  world = await world.restart()
  const again = await openBrowser(world, alice.passkey)
  expect((await again.send('/api/login', body)).json).toMatchObject({ person: { id: 'alice' } })
  world = await world.restart()
  const third = await openBrowser(world, alice.passkey)
  expect((await third.send('/api/login', body)).code).toBe('webauthn_challenge_invalid')
})
