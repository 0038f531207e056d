import { createEd25519Signer, isJsonObject, type JsonObject } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { createStatusSource } from '@behalf/verifier'
import { beforeEach, describe, expect, test } from 'vitest'
import { ask } from './support/ask.ts'
import { APPROVE_ENROLLED, createPolicy, createWorld, type World } from './support/authority-world.ts'
import { approve, type Browser, claim, invite, openBrowser } from './support/browser.ts'
import { listOf } from './support/read-answer.ts'

/** What agents of the tests ask for is there. */
const ISSUES = 'https://api.test'
const ASK_TWO = createPolicy('two', 'permit (principal, action == Action::"ask-two", resource);')

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

  test('a delegation for a while, theirs or as an operator; it goes on only with a passkey', async () => {
    const theirs = await obtain(bob, 'bob')
    const statusOf = async (): Promise<unknown> =>
      listOf((await bob.get('/api/delegations?state=active')).json, 'delegations').map(({ status }) => status)
    const suspended = await bob.send('/api/suspensions', { delegation: theirs, reason: 'Odd' })
    expect(suspended.json).toMatchObject({ delegation: theirs, suspended: true })
    expect((await world.published()).sequence).toBe(suspended.json['sequence'])
    expect(await statusOf()).toEqual(['suspended'])
    expect((await bob.send('/api/resumptions', { delegation: theirs })).code).toBe('step_up_required')
    expect(await statusOf()).toEqual(['suspended'])
    const resumed = await bob.send('/api/resumptions', { delegation: theirs, step_up: await bob.stepUp() })
    expect(resumed.json).toMatchObject({ delegation: theirs, suspended: false })
    expect(await statusOf()).toEqual(['active'])
    expect((await alice.send('/api/suspensions', { delegation: theirs })).status).toBe(200)
    const refused = await bob.send('/api/resumptions', { delegation: theirs, step_up: await bob.stepUp() })
    expect(refused.code).toBe('forbidden')
    const mine = await obtain(alice, 'alice')
    expect((await bob.send('/api/suspensions', { delegation: mine })).code).toBe('not_found')
    expect((await bob.send('/api/suspensions', { delegation: 7 })).code).toBe('input_invalid')
    const lists = await alice.get('/api/delegations?state=ended')
    expect(lists.json['delegations']).toEqual([])
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
    expect(own.find(({ type }) => type === 'approved')).toMatchObject({
      agent_name: 'Bot',
      agent_fingerprint: expect.stringMatching(/^[\da-f]{4} /u),
      by_name: 'bob',
    })
  })

  test('names agents as they named themselves to whoever reads, and people as they are called here', async () => {
    await ask(world, { onBehalfOf: { id: 'alice' }, agentName: 'Secret project', workflow: { id: 'x' } })
    await ask(world, { onBehalfOf: { id: 'bob' } })
    await alice.send('/api/people/bob', { name: 'Bob B', step_up: await alice.stepUp() }, 'PATCH')
    const [changed, decided] = listOf((await bob.get('/api/history')).json, 'events')
    expect(changed).toMatchObject({ type: 'person_changed', by_name: 'alice', person_name: 'Bob B' })
    expect(decided).toHaveProperty('agent_fingerprint')
    expect(decided).not.toHaveProperty('agent_name')
    const all = listOf((await alice.get('/api/history')).json, 'events')
    expect(all.find(({ type }) => type === 'requested')).toMatchObject({ agent_name: 'Secret project' })
  })
})

describe('the stream of changes', () => {
  const changed = (what: string): string => `event: changed\ndata: {"what":"${what}"}\n\n`

  interface Stream {
    readonly next: (text: string) => Promise<string>
    /** What came before the text that was waited for last. */
    readonly before: () => string
    readonly ended: () => Promise<boolean>
    readonly stop: () => Promise<void>
  }

  async function open(browser: Browser): Promise<Stream> {
    const response = await browser.open('/api/live')
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    if (!reader) throw new Error('no stream')
    let text = ''
    let skipped = ''
    return {
      before: () => skipped,
      next: async (wanted) => {
        for (;;) {
          const at = text.indexOf(wanted)
          if (at !== -1) {
            skipped = text.slice(0, at)
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
    await stream.next(changed('requests'))
    const delegation = await obtain(bob, 'bob')
    await stream.next(changed('delegations'))
    await bob.send('/api/revocations', { delegation })
    await stream.next(changed('delegations'))
    await rename(bob)
    await stream.next(changed('people'))
    await stream.stop()
  })

  test('tells an operator of everything', async () => {
    const stream = await open(alice)
    await ask(world, { onBehalfOf: { id: 'bob' }, workflow: { id: 'another' } })
    await stream.next(changed('requests'))
    await invite(alice, { id: 'carol', roles: ['approver'] })
    await stream.next(changed('people'))
    await stream.stop()
  })

  /** Something that tells this person `people`, and nothing else. */
  async function rename(browser: Browser): Promise<void> {
    const [passkey] = listOf((await browser.get('/api/passkeys')).json, 'passkeys')
    await browser.send(`/api/passkeys/${Object(passkey)['id']}`, { name: 'another name' }, 'PATCH')
  }

  test('says nothing of what concerns others, not even that it happened', async () => {
    const carol = await invite(alice, { id: 'carol', roles: ['approver'] })
    const stream = await open(carol)
    await obtain(bob, 'bob')
    await bob.send('/api/revocations', { mine: true })
    await alice.send('/api/revocations', { agent: world.agent.did })
    await rename(carol)
    await stream.next(changed('people'))
    expect(stream.before()).toBe(': welcome\n\n')
    await invite(alice, { id: 'dave', roles: ['approver'] })
    await ask(world, { onBehalfOf: { id: 'carol' } }, world.party('another'))
    await stream.next(changed('requests'))
    expect(stream.before()).toBe('')
    await stream.stop()
  })

  test('tells of a stopped agent those who were asked by it', async () => {
    await ask(world, { onBehalfOf: { id: 'bob' }, workflow: { id: 'his' } })
    const stream = await open(bob)
    await alice.send('/api/revocations', { agent: world.agent.did })
    await stream.next(changed('delegations'))
    await stream.stop()
  })

  test('tells whoever may be the second of what waits for them and no longer does, and nobody else', async () => {
    world = await world.restart({ policy: ASK_TWO })
    for (const browser of [alice, bob]) await browser.login()
    const erin = await invite(alice, { id: 'erin', roles: ['approver'], tenant: 'elsewhere' })
    const [second, stranger] = [await open(bob), await open(erin)]
    const id = await ask(world, { onBehalfOf: { id: 'alice' } })
    await rename(bob)
    await second.next(changed('people'))
    expect(second.before()).toBe(': welcome\n\n')
    await approve(alice, [{ id, version: 1 }])
    await second.next(changed('requests'))
    await approve(bob, [{ id, version: 1 }])
    await second.next(changed('requests'))
    await rename(erin)
    await stranger.next(changed('people'))
    expect(stranger.before()).toBe(': welcome\n\n')
    await second.stop()
    await stranger.stop()
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

describe('which APIs know what a person stopped', () => {
  const NOBODY = { connected: 0, confirmed: 0 }
  const follow = async (fill: number, origins: readonly string[]) => {
    const signer = createEd25519Signer(new Uint8Array(32).fill(fill))
    const did = encodeDidKey(signer.publicKey)
    await world.operator.client.registerApi({ did, origins })
    const source = createStatusSource({
      issuers: [{ did: world.authority.issuerDid, url: `${world.origin}/status/heartbeat` }],
      stream: true,
      clock: world.clock,
      signer,
    })
    await source.ready()
    return { did, source }
  }

  test('is told by name of those that their own delegations name, and of others as a number', async () => {
    const theirs = await obtain(bob, 'bob')
    const own = await follow(21, [ISSUES, 'https://more.example'])
    const other = await follow(22, ['https://other.example'])
    const { sequence } = (await bob.send('/api/revocations', { delegation: theirs })).json
    const know = async (browser: Browser) =>
      (await browser.get(`/api/confirmations?sequence=${Number(sequence)}`)).json
    await expect
      .poll(() => know(bob), { interval: 5 })
      .toEqual({
        connected: 2,
        confirmed: 2,
        apis: [{ did: own.did, origins: [ISSUES], connected: 1, confirmed: 1 }],
        unproven: NOBODY,
      })
    expect(await know(alice)).toMatchObject({
      apis: [
        { did: own.did, origins: [ISSUES, 'https://more.example'] },
        { did: other.did, origins: ['https://other.example'] },
      ],
    })
    const carol = await invite(alice, { id: 'carol', roles: ['approver'] })
    expect(await know(carol)).toEqual({ connected: 2, confirmed: 2, apis: [], unproven: NOBODY })
    for (const { source } of [own, other]) source.close()
  })

  test('is not asked of what was not published yet, nor by whoever is not signed in', async () => {
    const { sequence } = await world.published()
    const codeOf = async (query: string, browser = bob) =>
      (await browser.get(`/api/confirmations${query}`)).code
    expect(await codeOf(`?sequence=${sequence + 1}`)).toBe('input_invalid')
    expect(await codeOf('?sequence=-1')).toBe('input_invalid')
    expect(await codeOf(`?sequence=${sequence}`, await openBrowser(world))).toBe('session_invalid')
    expect((await bob.get(`/api/confirmations?sequence=${sequence}`)).json).toEqual({
      ...NOBODY,
      apis: [],
      unproven: NOBODY,
    })
  })
})
