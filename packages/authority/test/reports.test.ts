import { saltedDigest } from '@behalf/audit-log'
import { isJsonObject } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { createWorld, type Party, type RawAnswer, type World } from './support/authority-world.ts'
import { type ReadEntry, readCheckpoint, readEntries } from './support/read-log.ts'

const ORIGIN = 'https://api.test'
const ACCEPTED = {
  time: '2026-11-24T12:00:10.000Z',
  request_id: '01KB',
  decision: 'accepted',
  code: 'ok',
  method: 'GET',
  origin: ORIGIN,
  path: '/issues/7',
  agent: 'did:key:zAgent',
  principal: { issuer: 'did:key:zIssuer', id: 'acct-42' },
  delegations: ['urn:uuid:1', 'urn:uuid:2'],
  workflow: { id: 'triage', run: 'monday' },
  policy: { id: 'house', digest: 'sha-256:policy' },
  context: { run: 'monday', model: 'm' },
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  evidence: { credentials: ['a.b.c'], signature_base: '"@method": GET\n', signature: 'AAAA' },
} as const
const REFUSED = { time: ACCEPTED.time, request_id: '01KC', decision: 'refused', code: 'signature_missing' }

let world: World
let api: Party
beforeEach(async () => {
  world = await createWorld()
  api = world.party('api')
  await register(['https://api.test', 'https://other.test'])
})

function register(origins: readonly string[]): Promise<RawAnswer> {
  const body = JSON.stringify({ did: api.did, origins })
  return world.operator.send({ method: 'POST', path: '/apis', body })
}

function report(records: readonly object[], by = api): Promise<RawAnswer> {
  return by.send({ method: 'POST', path: '/audit/records', body: JSON.stringify({ records }) })
}

async function readReports(query = ''): Promise<readonly ReadEntry[]> {
  const entries = await readEntries(world.operator, query)
  return entries.filter(({ record }) => record.type.startsWith('request_'))
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : 'no text'
}

function digestOf({ evidence }: ReadEntry): string {
  return evidence === undefined ? 'none' : saltedDigest(evidence.salt, evidence.text)
}

describe('decisions of an API', () => {
  test('are in the log when they are acknowledged, without the name of anybody', async () => {
    const { status, json } = await report([ACCEPTED, REFUSED])
    expect(status).toBe(200)
    const [first, second] = await readReports()
    expect(json['records']).toEqual([
      { request_id: '01KB', index: first?.index },
      { request_id: '01KC', index: second?.index },
    ])
    expect(json['checkpoint']).toBe((await world.get('/log/checkpoint')).text)
    const { decision, origin, agent, evidence, ...told } = ACCEPTED
    expect(first?.record).toEqual({
      ...told,
      v: 1,
      type: 'request_accepted',
      api: api.did,
      audience: origin,
      subject: agent,
      issuer: ACCEPTED.principal.issuer,
      principal: expect.stringMatching(/^sha-256:/u),
      digest: expect.stringMatching(/^sha-256:/u),
    })
    expect(second?.record).toEqual({
      v: 1,
      type: 'request_refused',
      api: api.did,
      time: told.time,
      request_id: '01KC',
      code: 'signature_missing',
    })
    expect(first?.text).not.toContain('acct-42')
    expect([decision, evidence.signature]).toEqual(['accepted', 'AAAA'])
  })

  test('through MCP are for the endpoint as capabilities name it, and are found by its origin too', async () => {
    const call = { method: 'tools/call', tool: 'search_issues' }
    const path = '/mcp'
    await report([
      { ...ACCEPTED, path, call },
      { ...ACCEPTED, request_id: '01KD', path, call: { method: 'tools/list' } },
      { ...ACCEPTED, request_id: '01KE', path },
    ])
    const told = async (about: string): Promise<readonly unknown[]> =>
      (await readEntries(world.operator, `?about=${encodeURIComponent(about)}`)).map(({ record }) => [
        record.request_id,
        record.audience,
        record.path,
      ])
    const calls = [
      ['01KB', `${ORIGIN}/mcp`, path],
      ['01KD', `${ORIGIN}/mcp`, path],
    ]
    expect(await told(`api:${ORIGIN}/mcp`)).toEqual(calls)
    expect(await told(`api:${ORIGIN}`)).toEqual([...calls, ['01KE', ORIGIN, path]])
  })

  test('about a tool say that it was called, when it was', async () => {
    const call = { method: 'tools/call', tool: 'search_issues' }
    const { status } = await report([
      { ...ACCEPTED, call },
      { ...ACCEPTED, request_id: '01KD', call: { method: 'tools/list' } },
      { ...REFUSED, call },
    ])
    expect(status).toBe(200)
    const entries = await readEntries(world.operator, '')
    const told = entries.filter(({ record }) => record['api'] === api.did && record['call'] !== undefined)
    expect(told.map(({ record }) => [record.type, record['call']])).toEqual([
      ['tool_called', call],
      ['request_accepted', { method: 'tools/list' }],
      ['request_refused', call],
    ])
  })

  test('are followed by what was answered, as the API told, once and found by the request alone', async () => {
    const answered = {
      time: '2026-11-24T12:00:11.000Z',
      request_id: '01KB',
      decision: 'answered',
      origin: ORIGIN,
      status: 200,
      principal: ACCEPTED.principal,
      root: 'urn:uuid:1',
    }
    const cutOff = { time: answered.time, request_id: '01KE', decision: 'answered', cut_off: true }
    const { status } = await report([{ ...ACCEPTED, outcome: 'follows' }, answered, cutOff])
    await report([answered, { ...answered, status: 500 }])
    expect(status).toBe(200)
    const entries = await readEntries(world.operator, '?about=type:answered')
    const [accepted] = await readReports()
    expect(accepted?.record['outcome']).toBe('follows')
    const common = { v: 1, type: 'answered', time: answered.time, api: api.did }
    expect(entries.map(({ record }) => record)).toEqual([
      {
        ...common,
        request_id: '01KB',
        audience: ORIGIN,
        status: 200,
        principal: accepted?.record['principal'],
        root: 'urn:uuid:1',
      },
      { ...common, request_id: '01KE', cut_off: true },
    ])
    const typesAbout = async (about: string): Promise<readonly string[]> =>
      (await readEntries(world.operator, `?about=${encodeURIComponent(about)}`)).map(
        ({ record }) => record.type,
      )
    expect(await typesAbout('request:01KB')).toEqual(['request_accepted', 'answered'])
    const principal = textOf(accepted?.record['principal'])
    for (const about of [
      'delegation:urn:uuid:1',
      'lineage:urn:uuid:1',
      `api:${ORIGIN}`,
      `principal:${principal}`,
    ]) {
      expect([about, await typesAbout(about)]).toEqual([
        about,
        about.startsWith('lineage') ? [] : ['request_accepted'],
      ])
    }
  })

  test('and answers that are none are refused', async () => {
    const answered = { time: ACCEPTED.time, request_id: '01KB', decision: 'answered', status: 200 }
    for (const wrong of [
      { status: 99 },
      { status: '200' },
      { cut_off: false },
      { code: 'ok' },
      { evidence: ACCEPTED.evidence },
      { origin: 'https://elsewhere.test' },
    ]) {
      const { status, json } = await report([ACCEPTED, { ...answered, ...wrong }])
      expect([wrong, status, json['code']]).toEqual([wrong, 422, 'input_invalid'])
      expect([wrong, json['field']]).toEqual([wrong, expect.stringMatching(/^records\.1/u)])
    }
    expect((await report([{ ...ACCEPTED, outcome: 'unknown' }])).status).toBe(422)
    expect(await readReports()).toEqual([])
  })

  test('are there once, however often they are sent; another decision about a request is another record', async () => {
    const first = await report([ACCEPTED, ACCEPTED])
    const again = await report([ACCEPTED, { ...ACCEPTED, decision: 'refused', code: 'audit_unavailable' }])
    const indices = [first, again].flatMap(({ json }) => json['records'] ?? [])
    const entries = await readReports()
    const [one, two] = entries.map(({ index }) => index)
    expect(entries).toHaveLength(2)
    expect(indices.map((record) => isJsonObject(record) && record['index'])).toEqual([one, one, one, two])
  })

  test('at once from many senders are each there once, with the evidence that was counted', async () => {
    const many = Array.from({ length: 20 }, (_, number) => ({ ...ACCEPTED, request_id: `r${number}` }))
    await Promise.all([report(many), report(many.toReversed()), report(many)])
    const entries = await readReports('?evidence=true')
    expect(entries).toHaveLength(20)
    for (const entry of entries) expect(entry.record['digest']).toBe(digestOf(entry))
  })

  test('keep what proves the request beside the log', async () => {
    await report([ACCEPTED, REFUSED])
    const [kept, none] = await readReports('?evidence=true')
    expect(kept?.record['digest']).toBe(kept && digestOf(kept))
    expect(JSON.parse(kept?.evidence?.text ?? '')).toEqual(ACCEPTED.evidence)
    expect(none?.evidence).toBeUndefined()
    expect((await readReports())[0]?.evidence).toBeUndefined()
  })

  test('are found by request, delegation, agent, run, API and code', async () => {
    await report([ACCEPTED, REFUSED])
    const about = async (what: string): Promise<readonly unknown[]> => {
      const entries = await readReports(`?about=${encodeURIComponent(what)}`)
      return entries.map(({ record }) => record['request_id'])
    }
    for (const what of [
      'request:01KB',
      'delegation:urn:uuid:2',
      'agent:did:key:zAgent',
      'run:monday',
      `api:${ORIGIN}`,
    ]) {
      expect([what, await about(what)]).toEqual([what, ['01KB']])
    }
    expect(await about('code:signature_missing')).toEqual(['01KC'])
    // Nothing happened to the delegation itself.
    expect(await about('lineage:urn:uuid:2')).toEqual([])
  })

  test('that come with an older time than others before are marked', async () => {
    await report([ACCEPTED])
    const earlier = new Date(Date.parse(ACCEPTED.time) - 6000).toISOString()
    await report([{ ...ACCEPTED, request_id: 'late', time: earlier }])
    expect((await readReports()).map(({ record }) => record.time_anomaly)).toEqual([undefined, true])
  })

  test('with a text of a megabyte are bounded', async () => {
    const path = `/${'x'.repeat(1_000_000)}`
    expect((await report([{ ...REFUSED, path }])).status).toBe(200)
    const [entry] = await readReports()
    expect(entry?.record['path']).toBe(path.slice(0, 1024))
    expect(entry?.record.truncated).toEqual({ '/path': expect.stringMatching(/^sha-256:/u) })
  })

  test('survive a restart', async () => {
    await report([ACCEPTED])
    const before = await readCheckpoint(world)
    world = await world.restart()
    expect(await readCheckpoint(world)).toMatchObject({ size: before.size })
    expect((await readReports('?evidence=true'))[0]?.evidence?.text).toContain('a.b.c')
  })
})

describe('who reports', () => {
  test('is an API that an operator registered', async () => {
    const { status, code } = await report([REFUSED], world.party('stranger'))
    expect([status, code]).toEqual([403, 'forbidden'])
    expect((await report([REFUSED], world.operator)).code).toBe('forbidden')
    expect(await readReports()).toEqual([])
  })

  test('speaks for its own origins', async () => {
    const { code, json } = await report([ACCEPTED, { ...REFUSED, origin: 'https://bank.test' }])
    expect([code, json['field']]).toEqual(['input_invalid', 'records.1.origin'])
    expect(await readReports()).toEqual([])
    await register(['https://bank.test'])
    expect((await report([{ ...REFUSED, origin: 'https://bank.test' }])).status).toBe(200)
    expect((await report([ACCEPTED])).code).toBe('input_invalid')
  })

  test('cannot any more when it was removed', async () => {
    const path = `/apis/${api.did}`
    expect((await world.operator.send({ method: 'DELETE', path })).status).toBe(204)
    expect((await report([ACCEPTED])).code).toBe('forbidden')
    expect((await world.operator.send({ method: 'DELETE', path })).code).toBe('not_found')
    expect((await world.operator.send({ path: '/apis' })).json['apis']).toEqual([])
    const types = (await readEntries(world.operator)).map(({ record }) => record.type)
    expect(types.filter((type) => type.startsWith('api_'))).toEqual(['api_registered', 'api_removed'])
  })

  test('is listed', async () => {
    const { json } = await world.operator.send({ path: '/apis' })
    expect(json['apis']).toEqual([
      {
        did: api.did,
        origins: ['https://api.test', 'https://other.test'],
        added_at: new Date(world.clock()).toISOString(),
        added_by: world.operator.did,
      },
    ])
  })

  test.each([
    [{ did: 'did:web:api.test', origins: [ORIGIN] }, 'did'],
    [{ did: 'did:key:z6MkInvalid', origins: [ORIGIN] }, 'did'],
    [{ origins: ['https://api.test/path'] }, 'origins'],
    [{ origins: ['ftp://api.test'] }, 'origins'],
    [{ origins: [] }, 'origins'],
  ])('is not registered as %j', async (body, field) => {
    const whole = JSON.stringify({ did: api.did, ...body })
    const { code, json } = await world.operator.send({ method: 'POST', path: '/apis', body: whole })
    expect([code, json['field']]).toEqual(['input_invalid', field])
  })

  test.each([
    ['no records', { records: [] }],
    ['too many', { records: Array.from({ length: 1001 }, () => REFUSED) }],
    ['a time that is none', { records: [{ ...REFUSED, time: 'now' }] }],
    ['an unknown decision', { records: [{ ...REFUSED, decision: 'maybe' }] }],
    ['an unknown member', { records: [{ ...REFUSED, note: 'x' }] }],
  ])('does not send %s', async (_, body) => {
    const answer = await api.send({ method: 'POST', path: '/audit/records', body: JSON.stringify(body) })
    expect([answer.status, answer.code]).toEqual([422, 'input_invalid'])
  })

  test('does not send more than four megabytes', async () => {
    const answer = await report([{ ...REFUSED, path: 'x'.repeat(4_200_000) }])
    expect([answer.status, answer.code]).toEqual([413, 'request_too_large'])
  })
})
