import { readFileSync } from 'node:fs'
import { verifyEd25519 } from '@behalf/core'
import { parseDelegation } from '@behalf/credential'
import { beforeEach, describe, expect, test } from 'vitest'
import { ask } from './support/ask.ts'
import { ASKED, createPolicy, createWorld, type RawAnswer, type World } from './support/authority-world.ts'
import { approve, type Browser, claim, invite, textOf } from './support/browser.ts'
import { openReceiver, type Received, type Receiver } from './support/receiver.ts'

const EVERYTHING = ['request.waiting', 'request.expired', 'delegation.revoked']
const HOUR = 3600
const ASK_TWO = createPolicy('two', 'permit (principal, action == Action::"ask-two", resource);')

let world: World
let alice: Browser
let receiver: Receiver
beforeEach(async () => {
  world = await createWorld()
  alice = await claim(world)
  receiver = await openReceiver()
})

async function add(browser = alice, changes: object = {}): Promise<RawAnswer> {
  const body = { url: receiver.url, events: EVERYTHING, ...changes }
  return browser.send('/api/webhooks', { ...body, step_up: await browser.stepUp() })
}

async function list(browser = alice): Promise<readonly Record<string, unknown>[]> {
  return (await browser.get('/api/webhooks')).json['webhooks'] as unknown as Record<string, unknown>[]
}

async function isSigned({ headers, text }: Received, key: string): Promise<boolean> {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = headers
  const [version, base64 = ''] = String(signature).split(',')
  const signed = new TextEncoder().encode(`${String(id)}.${String(time)}.${text}`)
  const bytes = (part: string): Uint8Array => new Uint8Array(Buffer.from(part, 'base64'))
  return version === 'v1a' && verifyEd25519(bytes(key.replace('whpk_', '')), signed, bytes(base64))
}

describe('a webhook', () => {
  test('is told of a request that waits, signed as the specification says', async () => {
    const added = await add()
    expect([added.status, added.json]).toEqual([
      201,
      {
        id: expect.stringMatching(/^urn:uuid:/u),
        url: receiver.url,
        events: EVERYTHING,
        public_key: expect.stringMatching(/^whpk_[A-Za-z0-9+/]{43}=$/u),
        created_at: new Date(world.clock()).toISOString(),
        waiting: 0,
      },
    ])
    const request = await ask(world, { agentName: '<b>"Bot"</b> & co' })
    const [message] = await receiver.count(1)
    await world.deliver()
    expect(message?.json).toEqual({
      type: 'request.waiting',
      timestamp: expect.stringMatching(/Z$/u),
      data: {
        request,
        on_behalf_of: 'alice',
        agent: world.agent.did,
        agent_fingerprint: expect.any(String),
        agent_name: '\\u{3c}b\\u{3e}\\u{22}Bot\\u{22}\\u{3c}\\u{2f}b\\u{3e} \\u{26} co',
        expires_at: expect.any(String),
        url: `${world.origin}/approve/${request}`,
        approval: 1,
      },
    })
    expect(message?.headers['webhook-id']).toMatch(/^msg_[0-9a-f-]{36}$/u)
    expect(message?.headers['webhook-timestamp']).toBe(String(Math.floor(world.clock() / 1000)))
    expect(message && (await isSigned(message, textOf(added, 'public_key')))).toBe(true)
    expect(await list()).toEqual([
      { ...added.json, last_delivered_at: new Date(world.clock()).toISOString() },
    ])
  })

  test('that is added or removed stands in the record, without what could be a secret in its address', async () => {
    const added = await add(alice, { url: `${receiver.url}?token=s3cret` })
    await alice.send(`/api/webhooks/${textOf(added, 'id')}`, {}, 'DELETE')
    const events = (await world.authority.issuer.listEvents()).slice(-2)
    const told = {
      person: 'alice',
      by: 'alice',
      target: textOf(added, 'id'),
      origin: new URL(receiver.url).origin,
    }
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['webhook_added', { ...told, events: EVERYTHING }],
      ['webhook_removed', told],
    ])
  })

  test('has a key of its own: no receiver can pass a message on as one for another', async () => {
    const other = await openReceiver()
    const keys = [
      textOf(await add(), 'public_key'),
      textOf(await add(alice, { url: other.url }), 'public_key'),
    ]
    expect(new Set(keys).size).toBe(2)
    await ask(world)
    const [[mine], [theirs]] = [await receiver.count(1), await other.count(1)]
    expect(mine && (await isSigned(mine, keys[0] ?? ''))).toBe(true)
    expect(theirs && (await isSigned(theirs, keys[1] ?? ''))).toBe(true)
    expect(theirs && (await isSigned(theirs, keys[0] ?? ''))).toBe(false)
  })

  test('is not added without a fresh assertion, nor for a person who is not signed in', async () => {
    const body = { url: receiver.url, events: EVERYTHING }
    expect((await alice.send('/api/webhooks', body)).code).toBe('step_up_required')
    expect(await list()).toEqual([])
  })

  test('is added once, with something to tell, and five times at most', async () => {
    await add()
    expect([(await add()).code, (await add(alice, { events: [] })).code]).toEqual([
      'input_invalid',
      'input_invalid',
    ])
    for (const name of ['b', 'c', 'd', 'e']) {
      expect((await add(alice, { url: `${receiver.url}/${name}` })).status).toBe(201)
    }
    const sixth = await add(alice, { url: `${receiver.url}/f` })
    expect([sixth.status, sixth.code]).toEqual([403, 'forbidden'])
  })

  test("of somebody else does not exist, and hears nothing of what is not that person's", async () => {
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const id = textOf(await add(bob), 'id')
    for (const [path, method] of [
      [`/api/webhooks/${id}`, 'DELETE'],
      [`/api/webhooks/${id}/test`, 'POST'],
    ] as const) {
      expect((await alice.send(path, {}, method)).code).toBe('not_found')
    }
    expect(await list()).toEqual([])
    await ask(world)
    await world.deliver()
    expect(receiver.received).toEqual([])
  })

  test('is told nothing more once it is removed', async () => {
    const id = textOf(await add(), 'id')
    expect((await alice.send(`/api/webhooks/${id}`, {}, 'DELETE')).status).toBe(204)
    await ask(world)
    await world.deliver()
    expect(receiver.received).toEqual([])
  })

  test('hears only what it was added for', async () => {
    await add(alice, { events: ['request.expired'] })
    await ask(world)
    await world.deliver()
    expect(receiver.received).toEqual([])
    world.clock.advance(HOUR)
    await world.deliver()
    expect(receiver.received.map(({ json }) => json['type'])).toEqual(['request.expired'])
  })
})

describe('what people are told', () => {
  test('a request that changes is told once', async () => {
    await add()
    await ask(world)
    await receiver.count(1)
    await ask(world, { maxUses: 3 })
    await world.deliver()
    expect(receiver.received).toHaveLength(1)
  })

  test('nobody without the role of an approver is asked', async () => {
    const bob = await invite(alice, { id: 'bob', roles: ['auditor'] })
    await add(bob)
    await ask(world, { onBehalfOf: { id: 'bob' } })
    await world.deliver()
    expect(receiver.received).toEqual([])
  })

  test('a request that ran out is told once, and one that was decided is not', async () => {
    await add()
    const request = await ask(world)
    const denied = await ask(world, { workflow: { id: 'another' } })
    await alice.send(`/api/requests/${denied}/deny`, { version: 1 })
    await receiver.count(2)
    await world.deliver()
    world.clock.advance(HOUR)
    await world.deliver()
    await world.deliver()
    expect(receiver.received.slice(2).map(({ json }) => json)).toEqual([
      expect.objectContaining({ type: 'request.expired', data: expect.objectContaining({ request }) }),
    ])
  })

  test('the second of two people is told when it is their turn, and the first is not told again', async () => {
    world = await world.restart({ policy: ASK_TWO })
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const carol = await invite(alice, { id: 'carol', roles: ['approver'], tenant: 'elsewhere' })
    const [hers, his] = [await openReceiver(), await openReceiver()]
    await add(alice)
    await add(bob, { url: his.url })
    await add(carol, { url: hers.url })
    const request = await ask(world)
    await receiver.count(1)
    expect(his.received).toEqual([])
    await approve(alice, [{ id: request, version: 1 }])
    const [message] = await his.count(1)
    await world.deliver()
    expect(message?.json).toMatchObject({ type: 'request.waiting', data: { request, approval: 2 } })
    expect([receiver.received.length, hers.received.length]).toEqual([1, 0])
    const dave = await invite(alice, { id: 'dave', roles: ['approver'] })
    await add(dave, { url: hers.url })
    await approve(bob, [{ id: request, version: 1 }])
    await world.deliver()
    expect([receiver.received.length, his.received.length, hers.received.length]).toEqual([1, 1, 0])
  })

  test('a delegation that somebody else revoked is told, and one that the person revoked is not', async () => {
    await add(alice, { events: ['delegation.revoked'] })
    const delegations: string[] = []
    for (const workflow of ['one', 'two', 'three']) {
      const id = await ask(world, { workflow: { id: workflow } })
      await approve(alice, [{ id, version: 1 }])
      const [newest] = await world.authority.issuer.listDelegations()
      delegations.push(newest?.id ?? '')
    }
    const [mine = '', theirs = ''] = delegations
    await alice.send('/api/revocations', { delegation: mine })
    await world.operator.client.revoke({ delegation: theirs })
    await receiver.count(1)
    await world.operator.client.revoke({ agent: world.agent.did })
    await receiver.count(2)
    await world.deliver()
    expect(receiver.received.map(({ json }) => json)).toMatchObject([
      {
        type: 'delegation.revoked',
        data: { delegation: theirs, agent: world.agent.did, by: world.operator.did },
      },
      { type: 'delegation.revoked', data: { agent: world.agent.did, by: world.operator.did } },
    ])
  })
})

test('what an agent passed on and takes back is no news for its person', async () => {
  await add(alice, { events: ['delegation.revoked'] })
  const id = await ask(world, { maxDelegationDepth: 1 })
  await approve(alice, [{ id, version: 1 }])
  const { wallet, client } = world.agent
  const parent = await wallet.collectDelegation({ authority: world.origin, id, once: true })
  const { chain } = await wallet.delegate({ to: world.party('helper').did, parent: parent.id })
  await client.revoke({ delegation: parseDelegation(chain.at(-1) ?? '').id })
  await world.deliver()
  expect(receiver.received).toEqual([])
  await client.revoke({ delegation: parent.id })
  const [message] = await receiver.count(1)
  expect(message?.json).toMatchObject({ data: { delegation: parent.id, by: world.agent.did } })
})

describe('a receiver that does not take it', () => {
  test('is tried again with the same id, later each time, and told everything once it is back', async () => {
    await add(alice, { events: ['request.waiting'] })
    const { port } = receiver
    await receiver.close()
    const request = await ask(world)
    await world.deliver()
    const [down] = await list()
    expect(down).toMatchObject({ waiting: 1, last_failure: 'unreachable' })
    world.clock.advance(3)
    await world.deliver()
    expect((await list())[0]).toMatchObject({ last_failed_at: down?.['last_failed_at'] })
    for (let hours = 0; hours < 20; hours += 1) {
      world.clock.advance(HOUR)
      await world.deliver()
    }
    receiver = await openReceiver(port)
    receiver.answer = (response) => response.writeHead(503).end()
    world.clock.advance(6 * HOUR)
    await world.deliver()
    await alice.login()
    expect((await list())[0]).toMatchObject({ last_failure: 'status_503' })
    receiver.answer = (response) => response.writeHead(200).end('thanks')
    world.clock.advance(6 * HOUR)
    await world.deliver()
    await alice.login()
    const waiting = receiver.received.filter(({ json }) => json['type'] === 'request.waiting')
    expect(waiting).toHaveLength(2)
    expect(new Set(waiting.map(({ headers }) => headers['webhook-id'])).size).toBe(1)
    expect(new Set(waiting.map(({ headers }) => headers['webhook-timestamp'])).size).toBe(2)
    expect(waiting[1]?.json).toMatchObject({ data: { request } })
    expect((await list())[0]).toMatchObject({ waiting: 0 })
  })

  test('is switched off after 72 hours, with the reason, until a test arrives', async () => {
    const id = textOf(await add(), 'id')
    receiver.answer = (response) => response.writeHead(500).end()
    await ask(world)
    await receiver.count(1)
    for (let hours = 0; hours < 71; hours += 1) {
      world.clock.advance(HOUR)
      await world.deliver()
    }
    await alice.login()
    expect((await list())[0]).not.toHaveProperty('disabled_at')
    for (let hours = 0; hours < 5; hours += 1) {
      world.clock.advance(HOUR)
      await world.deliver()
    }
    await alice.login()
    expect((await list())[0]).toMatchObject({
      disabled_at: expect.any(String),
      last_failure: 'status_500',
      waiting: 0,
    })
    const before = receiver.received.length
    expect(before).toBeLessThan(60)
    await ask(world, { workflow: { id: 'later' } })
    await world.deliver()
    expect(receiver.received).toHaveLength(before)
    expect((await alice.send(`/api/webhooks/${id}/test`)).json).toMatchObject({
      disabled_at: expect.any(String),
      last_failure: 'status_500',
    })
    receiver.answer = (response) => response.writeHead(200).end()
    const tested = await alice.send(`/api/webhooks/${id}/test`)
    expect(tested.json).not.toHaveProperty('disabled_at')
    expect(receiver.received.at(-1)?.json).toMatchObject({ type: 'test', data: {} })
    await ask(world, { workflow: { id: 'latest' } })
    await receiver.count(before + 3)
  })

  test('and says 410 is switched off at once', async () => {
    await add()
    receiver.answer = (response) => response.writeHead(410).end()
    await ask(world)
    await receiver.count(1)
    await world.deliver()
    expect((await list())[0]).toMatchObject({ disabled_at: expect.any(String), last_failure: 'status_410' })
  })

  test('for one message holds up no other', async () => {
    await add()
    receiver.answer = (response) => {
      const isPoison = receiver.received.at(-1)?.text.includes('poison') === true
      response.writeHead(isPoison ? 400 : 204).end()
    }
    const [, second, third] = await Promise.all([
      ask(world, { agentName: 'poison', workflow: { id: 'one' } }),
      ask(world, { workflow: { id: 'two' } }),
      ask(world, { workflow: { id: 'three' } }),
    ])
    for (let minutes = 0; minutes < 10; minutes += 1) {
      await world.deliver()
      world.clock.advance(60)
    }
    const arrived = receiver.received.filter(({ text }) => !text.includes('poison')).map(({ text }) => text)
    expect(arrived).toHaveLength(2)
    expect([second, third].every((id) => arrived.some((text) => text.includes(id)))).toBe(true)
    expect(receiver.received.length).toBeGreaterThan(4)
    expect((await list())[0]).toMatchObject({ waiting: 1, last_failure: 'status_400' })
  })

  test('keeps nobody waiting: who asks is answered while it dawdles', async () => {
    world = await world.restart({ notices: { timeoutSeconds: 60 } })
    await add()
    receiver.answer = () => undefined
    await ask(world)
    await receiver.count(1)
    const other = await openReceiver()
    await add(alice, { url: other.url })
    await ask(world, { workflow: { id: 'other' } })
    await other.count(1)
    expect(receiver.received).toHaveLength(1)
  })
})

describe('a restart', () => {
  test('loses nothing: what waited is delivered with the id it had, signed with the same key', async () => {
    const key = textOf(await add(), 'public_key')
    receiver.answer = (response) => response.writeHead(503).end()
    await ask(world)
    await receiver.count(1)
    await world.deliver()
    world = await world.restart()
    receiver.answer = (response) => response.writeHead(204).end()
    world.clock.advance(10)
    await world.deliver()
    const [before, after] = receiver.received
    expect(after?.headers['webhook-id']).toBe(before?.headers['webhook-id'])
    expect(after?.text).toBe(before?.text)
    expect(after && (await isSigned(after, key))).toBe(true)
    expect(await list()).toMatchObject([{ url: receiver.url, public_key: key, waiting: 0 }])
  })

  test('in the middle of a delivery ends at once, and the next start tries again', async () => {
    world = await world.restart({ notices: { timeoutSeconds: 600 } })
    await add()
    receiver.answer = () => undefined
    await ask(world)
    await receiver.count(1)
    world = await world.restart()
    receiver.answer = (response) => response.writeHead(204).end()
    await world.deliver()
    const [before, after] = receiver.received
    expect(after?.headers['webhook-id']).toBe(before?.headers['webhook-id'])
  })

  test('tells of what ran out while nobody was there', async () => {
    await add(alice, { events: ['request.expired'] })
    const request = await ask(world)
    await world.deliver()
    await world.authority.close()
    world.clock.advance(5 * HOUR)
    world = await world.restart()
    await world.deliver()
    expect(receiver.received.map(({ json }) => json)).toMatchObject([{ data: { request } }])
  })
})

test('a request that is not stored tells nobody', async () => {
  await add()
  const asked = { ...ASKED, onBehalfOf: { id: 'alice' }, purpose: '' }
  await expect(world.agent.client.createRequest(asked)).rejects.toThrow()
  await world.deliver()
  expect(receiver.received).toEqual([])
})

test('tests are rationed', async () => {
  const id = textOf(await add(), 'id')
  for (let count = 0; count < 10; count += 1) await alice.send(`/api/webhooks/${id}/test`)
  const last = await alice.send(`/api/webhooks/${id}/test`)
  expect([last.status, last.code, receiver.received.length]).toEqual([429, 'rate_limited', 10])
})

test('the ten lines that receivers are told to use verify a message, and refuse what is none', async () => {
  const key = textOf(await add(), 'public_key')
  await ask(world)
  const [message] = await receiver.count(1)
  if (!message) throw new Error('nothing came')
  const { headers, text, json } = message
  const page = readFileSync(new URL('../../../docs/notices.md', import.meta.url), 'utf8')
  const [, code = ''] = /```js\n(.*?)```/su.exec(page) ?? []
  const { verifyWebhook } = await import(`data:text/javascript,${encodeURIComponent(code)}`)
  const now = world.clock()
  expect(verifyWebhook(key, headers, text, now)).toEqual(json)
  expect(() => verifyWebhook(key, headers, `${text} `, now)).toThrow('not signed')
  expect(() => verifyWebhook(key, { ...headers, 'webhook-id': 'msg_other' }, text, now)).toThrow('not signed')
  expect(() => verifyWebhook(key, headers, text, now + 301_000)).toThrow('too old')
  const other = `whpk_${Buffer.from(world.authority.issuer.did).toString('base64').slice(0, 43)}=`
  expect(() => verifyWebhook(other, headers, text, now)).toThrow()
})
