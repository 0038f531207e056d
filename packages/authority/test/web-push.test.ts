import { beforeEach, describe, expect, test } from 'vitest'
import { ask } from './support/ask.ts'
import { createWorld, type RawAnswer, type World } from './support/authority-world.ts'
import { type Browser, claim, invite, textOf } from './support/browser.ts'
import {
  openSimulatedPushService,
  type PushedTo,
  type SimulatedPushService,
} from './support/simulated-push-service.ts'

const EVERYTHING = ['request.waiting', 'request.expired', 'delegation.revoked']
const HOUR = 3600

let world: World
let alice: Browser
let service: SimulatedPushService
beforeEach(async () => {
  service = await openSimulatedPushService()
  world = await createWorld({
    notices: {
      roots: [service.root],
      contact: 'mailto:authority@example.test',
      resolveHost: async (host) => (host === service.host ? ['127.0.0.1'] : ['10.0.0.1']),
    },
  })
  alice = await claim(world)
})

async function keyOf(browser: Browser): Promise<string> {
  return textOf(await browser.get('/api/push'), 'public_key')
}

async function subscribe(browser = alice, changes: Partial<PushedTo> = {}): Promise<RawAnswer> {
  const subscription = await service.subscribe(await keyOf(browser))
  return browser.send('/api/push', { ...subscription, events: EVERYTHING, ...changes })
}

async function list(browser = alice): Promise<readonly unknown[]> {
  return (await browser.get('/api/push')).json['subscriptions'] as unknown as unknown[]
}

describe('a browser that subscribed', () => {
  test('alone can read what it is told, by the sender it subscribed for', async () => {
    const added = await subscribe()
    expect([added.status, added.json]).toEqual([
      201,
      {
        id: expect.stringMatching(/^urn:uuid:/u),
        endpoint: expect.stringMatching(/^https:\/\/push\.test:\d+\/send\/0$/u),
        events: EVERYTHING,
        created_at: new Date(world.clock()).toISOString(),
      },
    ])
    const request = await ask(world, { agentName: '<b>Bot</b>' })
    await world.deliver()
    expect(service.faults).toEqual([])
    const [message] = service.received
    expect(message?.json).toEqual({
      type: 'request.waiting',
      data: expect.objectContaining({
        request,
        agent_name: '\\u{3c}b\\u{3e}Bot\\u{3c}\\u{2f}b\\u{3e}',
        url: `${world.origin}/approve/${request}`,
      }),
    })
    expect(message?.headers).toMatchObject({ ttl: '900', urgency: 'high' })
    expect(message?.claims).toMatchObject({ sub: 'mailto:authority@example.test' })
    expect(await list()).toEqual([
      { ...added.json, last_delivered_at: new Date(world.clock()).toISOString() },
    ])
  })

  test('stands in the record, and so does who took it away', async () => {
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const subscription = await service.subscribe(await keyOf(alice))
    const body = { ...subscription, events: EVERYTHING }
    const first = textOf(await alice.send('/api/push', body), 'id')
    const second = textOf(await bob.send('/api/push', body), 'id')
    await bob.send(`/api/push/${second}`, {}, 'DELETE')
    const events = (await world.authority.issuer.listEvents()).slice(-4)
    const origin = expect.stringMatching(/^https:\/\/push\.test:\d+$/u)
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['browser_added', { person: 'alice', by: 'alice', target: first, origin, events: EVERYTHING }],
      ['browser_removed', { person: 'alice', by: 'bob', target: first, origin }],
      ['browser_added', { person: 'bob', by: 'bob', target: second, origin, events: EVERYTHING }],
      ['browser_removed', { person: 'bob', by: 'bob', target: second, origin }],
    ])
  })

  test('knows the authority by the same key after a restart', async () => {
    await subscribe()
    const key = await keyOf(alice)
    world = await world.restart()
    expect(await keyOf(alice)).toBe(key)
    await ask(world)
    await world.deliver()
    expect([service.received.length, service.faults]).toEqual([1, []])
  })

  test('is forgotten when its push service says that it is no more', async () => {
    for (const status of [404, 410]) {
      await subscribe()
      service.status = status
      await ask(world, { workflow: { id: String(status) } })
      await world.deliver()
      expect(await list()).toEqual([])
    }
  })

  test('is told later when its push service is down, and not once it is too late', async () => {
    await subscribe()
    service.status = 503
    await ask(world)
    await world.deliver()
    expect(await list()).toMatchObject([{ last_failure: 'status_503' }])
    service.status = 201
    world.clock.advance(60)
    await world.deliver()
    expect(service.received.map(({ headers }) => headers['ttl'])).toEqual(['900', '840'])
    service.status = 503
    await ask(world, { workflow: { id: 'late' } })
    await world.deliver()
    service.received.splice(0)
    service.status = 201
    world.clock.advance(HOUR)
    await world.deliver()
    const types = service.received.map(({ json }) => json['type'])
    expect(types).toEqual(['request.expired', 'request.expired'])
  })

  test('shows the notices of whoever subscribed with it last', async () => {
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const subscription = await service.subscribe(await keyOf(alice))
    const body = { ...subscription, events: EVERYTHING }
    await alice.send('/api/push', body)
    await alice.send('/api/push', body)
    expect(await list()).toHaveLength(1)
    await bob.send('/api/push', body)
    expect([(await list()).length, (await list(bob)).length]).toEqual([0, 1])
    await ask(world)
    await world.deliver()
    expect(service.received).toEqual([])
  })

  test('is told nothing more once it is taken back, by its own person alone', async () => {
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const path = `/api/push/${textOf(await subscribe(), 'id')}`
    expect((await bob.send(path, {}, 'DELETE')).code).toBe('not_found')
    expect((await alice.send(path, {}, 'DELETE')).status).toBe(204)
    await ask(world)
    await world.deliver()
    expect(service.received).toEqual([])
  })
})

describe('a subscription', () => {
  test('with keys that no browser has is refused', async () => {
    const { keys } = await service.subscribe(await keyOf(alice))
    const offCurve = `BA${'A'.repeat(85)}`
    for (const [field, wrong] of [
      ['keys.p256dh', { ...keys, p256dh: offCurve }],
      ['keys.p256dh', { ...keys, p256dh: keys.p256dh.slice(0, 43) }],
      ['keys.p256dh', { ...keys, p256dh: `${keys.p256dh}=` }],
      ['keys.auth', { ...keys, auth: 'AAAA' }],
      ['keys.auth', { ...keys, auth: '?' }],
    ] as const) {
      const answer = await subscribe(alice, { keys: wrong })
      expect([wrong, answer.status, answer.code, answer.json['field']]).toEqual([
        wrong,
        422,
        'input_invalid',
        field,
      ])
    }
  })

  test('whose endpoint notices may not go to is refused', async () => {
    for (const endpoint of ['https://inside.test/', 'http://push.test/', 'https://[fd00::1]/', 'push']) {
      const answer = await subscribe(alice, { endpoint })
      expect([endpoint, answer.code, answer.json['field']]).toEqual([endpoint, 'input_invalid', 'endpoint'])
    }
  })

  test('is one of ten at most', async () => {
    for (let count = 0; count < 10; count += 1) expect((await subscribe()).status).toBe(201)
    expect((await subscribe()).code).toBe('forbidden')
  })
})

test('a push service whose certificate nobody vouches for gets nothing', async () => {
  world = await world.restart({ notices: { resolveHost: async () => ['127.0.0.1'] } })
  await subscribe()
  await ask(world)
  await world.deliver()
  expect([service.received, await list()]).toMatchObject([[], [{ last_failure: 'unreachable' }]])
})
