import { isJsonObject, type JsonObject } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { ask } from './support/ask.ts'
import { APPROVE_ENROLLED, createWorld, type World } from './support/authority-world.ts'
import { approve, type Browser, claim, invite, openBrowser } from './support/browser.ts'
import { listOf } from './support/read-answer.ts'

let world: World
let alice: Browser
let bob: Browser
beforeEach(async () => {
  world = await createWorld()
  alice = await claim(world)
  bob = await invite(alice, { id: 'bob', roles: ['approver'] })
})

async function obtain(browser: Browser, person: string, agent = world.agent): Promise<string> {
  const id = await ask(world, { onBehalfOf: { id: person }, agentName: 'Bot', maxDelegationDepth: 1 }, agent)
  await approve(browser, [{ id, version: 1 }])
  const { delegationId = '' } = await agent.client.getRequest(id)
  return delegationId
}

describe('what acts on behalf of a person', () => {
  test('is theirs to see, with the tree below it; operators and auditors see all of it', async () => {
    const [mine, theirs] = [await obtain(alice, 'alice'), await obtain(bob, 'bob')]
    expect(listOf((await bob.get('/api/delegations')).json, 'delegations')).toMatchObject([
      {
        id: theirs,
        status: 'active',
        agent_name: 'Bot',
        agent_fingerprint: expect.stringMatching(/^[\da-f]{4} /u),
        children: 0,
      },
    ])
    const all = listOf((await alice.get('/api/delegations?state=active')).json, 'delegations')
    expect(all.map(({ id }) => id)).toEqual([theirs, mine])
    expect((await alice.get('/api/delegations?state=ended')).json['delegations']).toEqual([])
    world.clock.advance(600)
    expect((await alice.get('/api/delegations?state=active')).json['delegations']).toEqual([])
    expect(listOf((await bob.get('/api/delegations?state=ended')).json, 'delegations')).toMatchObject([
      { id: theirs, status: 'expired' },
    ])
  })
})

describe('a person stops', () => {
  test('a delegation of their own, and nobody else’s', async () => {
    const [mine, theirs] = [await obtain(alice, 'alice'), await obtain(bob, 'bob')]
    expect((await bob.send('/api/revocations', { delegation: mine })).code).toBe('not_found')
    const stopped = await bob.send('/api/revocations', { delegation: theirs, reason: 'Done' })
    expect(stopped.json).toMatchObject({ revoked: [theirs], withdrawn: [] })
    expect(listOf((await bob.get('/api/delegations')).json, 'delegations')).toMatchObject([
      { status: 'revoked', revoked_by: 'bob', reason: 'Done' },
    ])
    expect((await world.published()).sequence).toBe(stopped.json['sequence'])
    expect((await alice.send('/api/revocations', { delegation: theirs })).json['revoked']).toEqual([theirs])
  })

  test('everything of theirs at once, without a passkey', async () => {
    await obtain(alice, 'alice')
    const [first, second] = [await obtain(bob, 'bob'), await obtain(bob, 'bob', world.party('other'))]
    const stopped = await bob.send('/api/revocations', { mine: true })
    expect(stopped.json['revoked']).toEqual([first, second])
    expect(listOf((await alice.get('/api/delegations?state=active')).json, 'delegations')).toHaveLength(1)
  })

  test('one agent, whose enrolment ends too, for themselves; an operator stops its key for everybody', async () => {
    world = await createWorld({ policy: APPROVE_ENROLLED })
    alice = await claim(world)
    bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const id = await ask(world, { onBehalfOf: { id: 'bob' }, validForSeconds: 60 })
    const enrol = { valid_until: new Date(world.clock() + 3_600_000).toISOString(), max_seconds: 60 }
    await approve(bob, [{ id, version: 1 }], { enrol })
    const mine = await obtain(alice, 'alice')
    const agent = world.agent.did
    const stopped = await bob.send('/api/revocations', { agent })
    expect(listOf({ list: [stopped.json] }, 'list')).toMatchObject([
      { revoked: [expect.any(String)], withdrawn: [expect.any(String)] },
    ])
    const again = await ask(world, { onBehalfOf: { id: 'bob' }, validForSeconds: 60 })
    expect((await bob.get(`/api/requests/${again}`)).json['status']).toBe('pending')
    expect(listOf((await alice.get('/api/delegations?state=active')).json, 'delegations')).toMatchObject([
      { id: mine },
    ])
    expect((await bob.send('/api/revocations', { agent: world.party('unknown').did })).code).toBe('not_found')
    expect((await alice.send('/api/revocations', { agent })).json['revoked']).toEqual([agent])
    await expect(ask(world)).rejects.toThrow(expect.objectContaining({ code: 'key_revoked' }))
  })

  test('what is theirs, whatever their roles are', async () => {
    const carol = await invite(alice, { id: 'carol', roles: ['auditor'] })
    const id = await ask(world, { onBehalfOf: { id: 'carol' } })
    await world.operator.client.approve(id, { version: 1 })
    const { delegationId } = await world.agent.client.getRequest(id)
    const theirs = await obtain(bob, 'bob')
    expect((await carol.send('/api/revocations', { delegation: theirs })).code).toBe('not_found')
    expect((await carol.send('/api/revocations', { mine: true })).json['revoked']).toEqual([delegationId])
  })

  test.each([{}, { mine: false }, { delegation: 1 }, { agent: 'x', mine: true }])(
    'nothing with %j',
    async (body) => {
      expect((await alice.send('/api/revocations', body)).code).toBe('input_invalid')
    },
  )
})

describe('the history', () => {
  test('of a person is what is on record about them, newest first; operators and auditors read all of it', async () => {
    await obtain(bob, 'bob')
    await obtain(alice, 'alice')
    const own = listOf((await bob.get('/api/history')).json, 'events')
    const about = ({ data }: JsonObject): unknown => {
      if (!isJsonObject(data)) return undefined
      return isJsonObject(data['principal']) ? data['principal']['id'] : data['person']
    }
    expect(new Set(own.map(about))).toEqual(new Set(['bob']))
    expect(own.map(({ type }) => type)).toEqual([
      'issued',
      'approved',
      'policy_decided',
      'requested',
      'recovery_codes_made',
      'passkey_added',
      'person_joined',
      'person_invited',
    ])
    const before = JSON.stringify(own[2]?.['sequence'])
    const older = listOf((await bob.get(`/api/history?before=${before}`)).json, 'events')
    expect(older).toEqual(own.slice(3))
    const all = listOf((await alice.get('/api/history')).json, 'events')
    expect(all.length).toBeGreaterThan(own.length)
    expect((await bob.get('/api/history?before=0')).code).toBe('input_invalid')
  })
})

describe('the stream of changes', () => {
  interface Stream {
    readonly next: (text: string) => Promise<string>
    readonly ended: () => Promise<boolean>
    readonly stop: () => Promise<void>
  }

  async function open(browser: Browser): Promise<Stream> {
    const response = await browser.open('/api/live')
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    if (!reader) throw new Error('no stream')
    let text = ''
    return {
      next: async (wanted) => {
        for (;;) {
          const at = text.indexOf(wanted)
          if (at !== -1) {
            text = text.slice(at + wanted.length)
            return wanted
          }
          const { value, done } = await reader.read()
          if (done) throw new Error(`the stream ended without ${wanted}`)
          text += value
        }
      },
      ended: async () => {
        for (;;) if ((await reader.read()).done) return true
      },
      stop: () => reader.cancel(),
    }
  }

  test('tells what kind of thing changed', async () => {
    const stream = await open(bob)
    await ask(world, { onBehalfOf: { id: 'bob' }, workflow: { id: 'another' } })
    await stream.next('event: changed\ndata: {"what":"requests"}\n\n')
    const delegation = await obtain(bob, 'bob')
    await stream.next('event: changed\ndata: {"what":"delegations"}\n\n')
    await bob.send('/api/revocations', { delegation })
    await stream.next('event: changed\ndata: {"what":"delegations"}\n\n')
    await invite(alice, { id: 'carol', roles: ['approver'] })
    await stream.next('event: changed\ndata: {"what":"people"}\n\n')
    await stream.stop()
  })

  test('gives signs of life', async () => {
    const restarted = await world.restart({ pingSeconds: 0.01 })
    const browser = await openBrowser(restarted, bob.passkey)
    await browser.login()
    const stream = await open(browser)
    await stream.next(': still here\n\n')
    await stream.next(': still here\n\n')
    await stream.stop()
  })

  test('ends with its session, and with the authority', async () => {
    const other = await openBrowser(world, bob.passkey)
    await other.login()
    const [first, second] = [await open(bob), await open(other)]
    await bob.send('/api/logout')
    await ask(world)
    expect(await first.ended()).toBe(true)
    const closing = world.authority.close()
    expect(await second.ended()).toBe(true)
    await closing
  })

  test('is for those who are signed in, twenty times each', async () => {
    expect((await (await openBrowser(world)).get('/api/live')).code).toBe('session_invalid')
    const streams = []
    for (let count = 0; count < 20; count += 1) streams.push(await open(bob))
    expect((await bob.get('/api/live')).code).toBe('rate_limited')
    for (const stream of streams) await stream.stop()
  })
})
