import { openDatabase } from '@behalf/authority'
import { parseTraceBundle, type VerifiedTrace, verifyTrace } from '@behalf/authority/trace'
import { isJsonObject, type JsonObject } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { ask } from './support/ask.ts'
import {
  createPolicy,
  createWorld,
  type Party,
  type RawAnswer,
  type World,
} from './support/authority-world.ts'
import { approve, type Browser, claim, invite, textOf } from './support/browser.ts'
import { listOf } from './support/read-answer.ts'

const ORIGIN = 'https://api.test'
const EITHER = createPolicy(
  'either',
  `permit (principal, action in [Action::"ask-one", Action::"ask-two"], resource);
  forbid (principal, action == Action::"ask-one", resource)
  when { context has workflow && context.workflow.id == "payments" };`,
)

let world: World
let api: Party
/** May read everything. */
let alice: Browser
let bob: Browser
beforeEach(async () => {
  world = await createWorld({ policy: EITHER })
  api = world.party('api')
  alice = await claim(world)
  bob = await invite(alice, { id: 'bob', roles: ['approver'] })
  await register()
})

async function register(): Promise<void> {
  const body = JSON.stringify({ did: api.did, origins: [ORIGIN] })
  await world.operator.send({ method: 'POST', path: '/apis', body })
}

interface Obtained {
  readonly person: string
  readonly agent: Party
  readonly id: string
}

async function obtain(browser: Browser, person: string, agent = world.agent): Promise<Obtained> {
  const terms = {
    onBehalfOf: { id: person },
    agentName: 'Bot',
    maxUses: 5,
    workflow: { id: 'w', run: person },
  }
  const request = await ask(world, terms, agent)
  await approve(browser, [{ id: request, version: 1 }])
  const { delegationId = '' } = await agent.client.getRequest(request)
  return { person, agent, id: delegationId }
}

/** The API reports requests that were made with a delegation. */
async function report(
  { person, agent, id }: Obtained,
  names: string | readonly string[],
  changes: object = {},
): Promise<void> {
  const records = [names].flat().map((name) => ({
    time: new Date(world.clock()).toISOString(),
    request_id: name,
    decision: 'accepted',
    code: 'ok',
    method: 'GET',
    origin: ORIGIN,
    path: `/issues/${name}`,
    agent: agent.did,
    principal: { issuer: world.authority.issuerDid, id: person },
    delegations: [id],
    ...changes,
  }))
  const body = JSON.stringify({ records })
  const { status, text } = await api.send({ method: 'POST', path: '/audit/records', body })
  expect([status, text]).toEqual([200, expect.any(String)])
}

/** Names of so many requests. */
function count(many: number, prefix = 'r'): readonly string[] {
  return Array.from({ length: many }, (_, number) => `${prefix}${number}`)
}

const REFUSED = { decision: 'refused', code: 'credential_revoked' }

function recordsOf({ json }: RawAnswer): readonly JsonObject[] {
  return listOf(json, 'entries').flatMap(({ record }) => (isJsonObject(record) ? [record] : []))
}

async function search(browser: Browser, query: Readonly<Record<string, string>>): Promise<RawAnswer> {
  return browser.get(`/api/log?${new URLSearchParams(query)}`)
}

/** Which requests are found. */
async function find(browser: Browser, query: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
  const records = recordsOf(await search(browser, query))
  return records.flatMap(({ request_id: id }) => (id === undefined ? [] : [id]))
}

describe('a search of the log', () => {
  test('finds by agent, principal, API, run, code and time, and by several at once, the latest first', async () => {
    const other = world.party('other')
    const [mine, theirs] = [await obtain(alice, 'alice'), await obtain(bob, 'bob', other)]
    await report(mine, 'one')
    world.clock.advance(7200)
    await alice.login()
    const later = new Date(world.clock()).toISOString()
    await report(theirs, 'two', { context: { run: 'tuesday' } })
    await report(theirs, 'three', REFUSED)
    const found: readonly (readonly [query: Record<string, string>, ids: readonly string[]])[] = [
      [{}, ['three', 'two', 'one']],
      [{ agent: other.did }, ['three', 'two']],
      [{ principal: 'alice' }, ['one']],
      [{ principal: 'nobody' }, []],
      [{ api: ORIGIN }, ['three', 'two', 'one']],
      [{ api: 'https://elsewhere.test' }, []],
      [{ run: 'tuesday' }, ['two']],
      [{ code: 'credential_revoked' }, ['three']],
      [{ code: 'credential_revoked', agent: world.agent.did }, []],
      [{ from: later }, ['three', 'two']],
      [{ until: new Date(world.clock() - 1).toISOString() }, ['one']],
      [{ from: new Date(world.clock() + 1).toISOString() }, []],
      [{ from: later, principal: 'bob', code: 'ok' }, ['two']],
    ]
    for (const [query, ids] of found) expect([query, await find(alice, query)]).toEqual([query, ids])
  })

  test('finds what an API told late by the time at which it happened', async () => {
    const mine = await obtain(alice, 'alice')
    const before = world.clock()
    world.clock.advance(36_000)
    await alice.login()
    await report(mine, 'now')
    await report(mine, 'late', { time: new Date(before).toISOString() })
    const until = new Date(before + 60_000).toISOString()
    expect(await find(alice, { until })).toEqual(['late'])
    expect(await find(alice, { from: until })).toEqual(['now'])
  })

  test('finds for a person what concerns their delegations, and nothing of anybody else', async () => {
    const [mine, theirs] = [await obtain(alice, 'alice'), await obtain(bob, 'bob')]
    await report(mine, 'hers')
    await report(theirs, 'his')
    const queries = [{}, { agent: world.agent.did }, { api: ORIGIN }, { code: 'ok' }]
    for (const query of queries) expect([query, await find(bob, query)]).toEqual([query, ['his']])
    for (const query of [{ principal: 'alice' }, { run: 'alice' }]) {
      const { json } = await search(bob, query)
      expect([query, json]).toEqual([query, { entries: [], agents: {}, people: {} }])
    }
    const whose = recordsOf(await search(bob, {})).map(({ principal, person }) => principal ?? person)
    expect(new Set(whose).size).toBe(1)
    expect(await find(alice, {})).toEqual(['his', 'hers'])
  })

  test('finds what the second of two people approved', async () => {
    const carol = await invite(alice, { id: 'carol', roles: ['approver'] })
    const terms = { onBehalfOf: { id: 'bob' }, workflow: { id: 'payments' } }
    const id = await ask(world, terms)
    await approve(bob, [{ id, version: 1 }])
    expect(await find(carol, {})).toEqual([])
    await approve(carol, [{ id, version: 1 }])
    const { delegationId = '' } = await world.agent.client.getRequest(id)
    await report({ person: 'bob', agent: world.agent, id: delegationId }, 'paid')
    await report(await obtain(bob, 'bob'), 'other')
    expect(await find(carol, {})).toEqual(['paid'])
    expect((await carol.get('/api/traces/paid')).status).toBe(200)
    expect((await carol.get('/api/traces/other')).code).toBe('not_found')
  })

  test('names agents, and people by what they are called here', async () => {
    await report(await obtain(bob, 'bob'), 'his')
    const { json } = await search(bob, { code: 'ok' })
    expect(json['agents']).toEqual({
      [world.agent.did]: { fingerprint: expect.stringMatching(/^[\da-f]{4} /u), name: 'Bot' },
    })
    expect(Object.entries(json['people'] ?? {})).toEqual([
      [expect.stringMatching(/^sha-256:/u), { id: 'bob', name: 'bob' }],
    ])
  })

  test('answers in pages', async () => {
    const mine = await obtain(bob, 'bob')
    await report(mine, count(60))
    const first = await search(bob, { code: 'ok' })
    const before = JSON.stringify(first.json['before'])
    const second = await search(bob, { code: 'ok', before })
    expect([recordsOf(first).length, recordsOf(second).length]).toEqual([50, 10])
    expect(second.json).not.toHaveProperty('before')
    const ids = [first, second].flatMap(recordsOf).map(({ request_id: id }) => id)
    expect(ids).toEqual(count(60).toReversed())
  })

  test.each([{ agent: '' }, { from: 'yesterday' }, { before: '-1' }, { more: '1' }])(
    'refuses %j',
    async (query) => {
      const { code, status } = await search(bob, query)
      expect([code, status]).toEqual(['input_invalid', 422])
    },
  )

  test('finds what was there before there was an index', async () => {
    const mine = await obtain(bob, 'bob')
    await report(mine, 'his')
    await report(mine, 'called', { call: { method: 'tools/call', tool: 'search' } })
    const before = [
      await find(bob, { from: new Date(0).toISOString() }),
      (await bob.get('/api/delegations')).json,
    ]
    await world.authority.close()
    const raw = openDatabase(world.databasePath)
    raw.exec('delete from log_hours; delete from delegation_uses')
    raw.close()
    world = await world.restart()
    expect([
      await find(bob, { from: new Date(0).toISOString() }),
      (await bob.get('/api/delegations')).json,
    ]).toEqual(before)
    expect(before[0]).toEqual(['called', 'his'])
    expect(JSON.stringify(before[1])).toContain('"uses":2')
  })
})

describe('a trace', () => {
  async function verify(answer: RawAnswer): Promise<VerifiedTrace> {
    return verifyTrace(parseTraceBundle(textOf(answer, 'bundle')), world.authority.issuerDid)
  }
  const typesOf = ({ entries }: VerifiedTrace): readonly string[] => entries.map(({ record }) => record.type)

  test('is the file that anybody verifies, for whoever it concerns', async () => {
    const theirs = await obtain(bob, 'bob')
    await report(theirs, 'his')
    await bob.send('/api/revocations', { delegation: theirs.id, reason: 'Done' })
    await report(theirs, 'again', REFUSED)
    const answer = await bob.get('/api/traces/his')
    expect(answer.json['complete']).toBe(true)
    const trace = await verify(answer)
    expect(typesOf(trace)).toEqual([
      'key_logged',
      'policy_loaded',
      'requested',
      'policy_decided',
      'approved',
      'issued',
      'request_accepted',
      'delegation_revoked',
      'request_refused',
    ])
    expect(trace.roots.get(theirs.id)?.approval.approvals).toMatchObject([{ by: 'bob' }])
    expect([...trace.policies.values()]).toEqual([expect.objectContaining({ id: 'either' })])
    for (const id of [theirs.id, 'bob', world.agent.did]) {
      expect((await bob.get(`/api/traces/${encodeURIComponent(id)}`)).status).toBe(200)
    }
  })

  test('of what is not theirs is not there for a person; operators and auditors read it', async () => {
    const [mine, theirs] = [await obtain(alice, 'alice'), await obtain(bob, 'bob')]
    await report(mine, 'hers')
    await report(theirs, 'his')
    for (const id of ['hers', mine.id, 'alice', 'nothing', world.party('other').did]) {
      const { code } = await bob.get(`/api/traces/${encodeURIComponent(id)}`)
      expect([id, code]).toEqual([id, 'not_found'])
    }
    const auditor = await invite(alice, { id: 'audit', roles: ['auditor'] })
    for (const browser of [alice, auditor]) expect((await browser.get('/api/traces/his')).status).toBe(200)
    const agent = `/api/traces/${encodeURIComponent(world.agent.did)}`
    const requestsOf = async (browser: Browser): Promise<readonly unknown[]> =>
      (await verify(await browser.get(agent))).entries.flatMap(({ record }) => record['request_id'] ?? [])
    expect(await requestsOf(bob)).toEqual(['his'])
    expect(await requestsOf(alice)).toEqual(['hers', 'his'])
  })

  test('that would be too long for a file is told in part, and says so', async () => {
    const mine = await obtain(bob, 'bob')
    const evidence = { credentials: ['a.b.c'], signature_base: 'x'.repeat(60_000), signature: 'AAAA' }
    for (const prefix of ['r', 's']) await report(mine, count(40, prefix), { evidence })
    const answer = await bob.open(`/api/traces/${encodeURIComponent(mine.id)}`)
    const told = (await answer.json()) as { readonly bundle: string; readonly complete: boolean }
    expect([answer.status, told.complete]).toEqual([200, false])
    const { entries } = await verifyTrace(parseTraceBundle(told.bundle), world.authority.issuerDid)
    expect(entries.filter(({ record }) => record.type === 'request_accepted').length).toBeGreaterThan(30)
    expect((await bob.get('/api/traces/r7')).json['complete']).toBe(true)
  }, 60_000)

  test('tells that the key of an agent was revoked to those for whom it acted', async () => {
    const [mine, theirs] = [await obtain(alice, 'alice', world.party('hers')), await obtain(bob, 'bob')]
    await alice.send('/api/revocations', { agent: mine.agent.did })
    await alice.send('/api/revocations', { agent: theirs.agent.did })
    const { entries } = await verify(await bob.get(`/api/traces/${encodeURIComponent(theirs.id)}`))
    const revoked = entries.filter(({ record }) => record.type === 'key_revoked')
    expect(revoked.map(({ record }) => record['subject'])).toEqual([theirs.agent.did])
    expect((await bob.get(`/api/traces/${encodeURIComponent(mine.agent.did)}`)).code).toBe('not_found')
  })
})

describe('the uses of a delegation', () => {
  async function viewOf(browser: Browser, id: string): Promise<JsonObject | undefined> {
    return listOf((await browser.get('/api/delegations')).json, 'delegations').find(
      (view) => view['id'] === id,
    )
  }

  test('are what its APIs reported, each once, and when the last one was', async () => {
    const mine = await obtain(bob, 'bob')
    expect(await viewOf(bob, mine.id)).toMatchObject({
      max_uses: 5,
      apis: [{ origin: ORIGIN, reports: true, uses: 0 }],
    })
    await report(mine, 'one')
    const first = new Date(world.clock()).toISOString()
    world.clock.advance(60)
    await report(mine, 'two')
    const last = new Date(world.clock()).toISOString()
    await report(mine, 'two')
    await report(mine, 'late', { time: first })
    await report(mine, 'three', REFUSED)
    expect(await viewOf(bob, mine.id)).toMatchObject({
      apis: [{ origin: ORIGIN, reports: true, uses: 3, last_used_at: last }],
    })
  })

  test('count the calls of tools at an endpoint of MCP with its origin', async () => {
    const mine = await obtain(bob, 'bob')
    await report(mine, 'called', { call: { method: 'tools/call', tool: 'search' } })
    await report(mine, 'listed', { call: { method: 'tools/list' } })
    await report(mine, 'refused', { ...REFUSED, call: { method: 'tools/call', tool: 'search' } })
    expect(await viewOf(bob, mine.id)).toMatchObject({ apis: [{ origin: ORIGIN, reports: true, uses: 2 }] })
  })

  test('are unknown where an API does not report', async () => {
    const mine = await obtain(bob, 'bob')
    await world.operator.send({ method: 'DELETE', path: `/apis/${encodeURIComponent(api.did)}` })
    expect(await viewOf(bob, mine.id)).toMatchObject({ apis: [{ origin: ORIGIN, reports: false, uses: 0 }] })
  })
})
