import { decodeUtf8, type JsonValue } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { createAuthorityClient } from '../src/authority-client.ts'
import { AUTHORITY_CODES, isAuthorityCode } from '../src/error.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { last } from './support/fake-api.ts'
import { json, problem, REQUEST_ID } from './support/fake-authority.ts'
import { createTestWallet, type TestWallet } from './support/test-wallet.ts'
import {
  AGENT,
  AUTHORITY,
  ISSUER,
  issueRoot,
  NOW,
  READ_ISSUES,
  SUB_AGENT,
  statusEntry,
} from './support/world.ts'

const TIME = '2026-10-01T12:00:00Z'
const REQUEST = {
  id: REQUEST_ID,
  version: 3,
  status: 'pending',
  agent: AGENT.did,
  agent_name: 'Triage bot',
  on_behalf_of: { id: 'employee-4711', role: 'support', tenant: 't1' },
  capabilities: [READ_ISSUES],
  valid_for_seconds: 300,
  max_uses: 10,
  max_delegation_depth: 1,
  purpose: 'Summarise',
  workflow: { id: 'triage', run: 'run-7' },
  approval_url: `${AUTHORITY}/approve/1`,
  expires_at: TIME,
  requested_at: TIME,
  decided_at: TIME,
  decided_by: 'E1',
  reason: 'why',
  delegation_id: 'urn:uuid:1',
}
const ENROLMENT = {
  id: 'E1',
  agent: AGENT.did,
  on_behalf_of: { id: 'employee-4711' },
  capabilities: [READ_ISSUES],
  max_seconds: 600,
  max_delegation_depth: 1,
  valid_until: TIME,
}
const SUMMARY = {
  id: 'urn:uuid:2',
  subject: AGENT.did,
  on_behalf_of: { id: 'employee-4711' },
  status: 'active',
  valid_from: TIME,
  valid_until: '2026-10-01T12:10:00.000Z',
  delegator: ISSUER.did,
  parent_id: 'urn:uuid:1',
  purpose: 'Summarise',
  revoked_at: TIME,
  revoked_by: AGENT.did,
  reason: 'done',
  revoked_above: 'urn:uuid:1',
}
const WORKLOAD = {
  type: 'jwt',
  issuer: 'https://cluster.test',
  subject: 'billing',
  claims: { namespace: 'prod' },
  valid_until: TIME,
}
const EVENT = { sequence: 9, type: 'issued', time: TIME, data: { delegation: 'urn:uuid:2' } }

let world: TestWallet
const client = (): ReturnType<TestWallet['wallet']['authority']> => world.wallet.authority(AUTHORITY)

beforeEach(() => {
  world = createTestWallet()
})

describe('public routes', () => {
  test('are called unsigned', async () => {
    const text = (body: string, type: string): Response =>
      new Response(body, { headers: { 'content-type': type } })
    world.authority.answer('GET /status/heartbeat', text('a.b.c', 'application/jwt'))
    world.authority.answer('GET /status/lists/7', text('d.e.f', 'application/vc+jwt'))
    world.authority.answer('GET /openapi.json', json(200, { openapi: '3.1.0' }))
    expect(await client().heartbeat()).toBe('a.b.c')
    expect(await client().statusList(7)).toBe('d.e.f')
    expect(await client().openApi()).toEqual({ openapi: '3.1.0' })
    expect(await client().describe()).toEqual({
      issuer: ISSUER.did,
      heartbeat: `${AUTHORITY}/status/heartbeat`,
      origin: AUTHORITY,
      maxSeconds: 3600,
      defaultSeconds: 600,
    })
    expect(world.authority.calls.map(({ agent }) => agent)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  test('tell whether the authority lives and can work', async () => {
    world.authority.answer('GET /health', json(200, {}))
    world.authority.answer('GET /ready', problem(503, 'status_unavailable'))
    expect(await client().isHealthy()).toBe(true)
    expect(await client().isReady()).toBe(false)
  })

  test('refuse a text of another media type', async () => {
    world.authority.answer(
      'GET /status/heartbeat',
      new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    )
    await expectRefusal(client().heartbeat(), 'authority_response_invalid')
  })

  test('tell the head of the log and what leads from an entry to it', async () => {
    const head = new Response('a\n', { headers: { 'content-type': 'text/plain; charset=utf-8' } })
    world.authority.answer('GET /log/checkpoint', head)
    expect(await client().logCheckpoint()).toBe('a\n')
    world.authority.answer('GET /log/proof/inclusion?index=7&size=9', json(200, { proof: ['AAAA'] }))
    expect(await client().proveInclusion({ index: 7, size: 9 })).toEqual(['AAAA'])
    expect(last(world.authority.calls).agent).toBeUndefined()
  })
})

describe('routes for operators', () => {
  const answered = async <Value>(
    route: string,
    response: Response,
    call: () => Promise<Value>,
  ): Promise<Value> => {
    world.authority.answer(route, response)
    const value = await call()
    expect(last(world.authority.calls)).toMatchObject({ route, agent: AGENT.did })
    return value
  }

  test('list requests, all or by status', async () => {
    const expected = {
      id: REQUEST_ID,
      version: 3,
      status: 'pending',
      agent: AGENT.did,
      agentName: 'Triage bot',
      onBehalfOf: { id: 'employee-4711', role: 'support', tenant: 't1' },
      capabilities: [READ_ISSUES],
      validForSeconds: 300,
      maxUses: 10,
      maxDelegationDepth: 1,
      purpose: 'Summarise',
      workflow: { id: 'triage', run: 'run-7' },
      approvalUrl: `${AUTHORITY}/approve/1`,
      expiresAt: NOW,
      requestedAt: NOW,
      decidedAt: NOW,
      decidedBy: 'E1',
      reason: 'why',
      delegationId: 'urn:uuid:1',
    }
    const answer = (): Response => json(200, { requests: [REQUEST] })
    const all = await answered('GET /delegation-requests', answer(), () => client().listRequests())
    expect(all).toEqual([expected])
    await answered('GET /delegation-requests?status=pending', answer(), () =>
      client().listRequests({ status: 'pending' }),
    )
  })

  test('show one request, without what it does not have', async () => {
    const { id, version, status, agent, on_behalf_of, capabilities, purpose, expires_at } = REQUEST
    const least = { id, version, status, agent, on_behalf_of, capabilities, purpose, expires_at }
    const shown = await answered(`GET /delegation-requests/${id}`, json(200, least), () =>
      client().getRequest(id),
    )
    expect(Object.keys(shown).toSorted()).toEqual([
      'agent',
      'capabilities',
      'expiresAt',
      'id',
      'onBehalfOf',
      'purpose',
      'status',
      'version',
    ])
  })

  test('approve, as asked or narrower', async () => {
    const route = `POST /delegation-requests/${REQUEST_ID}/approve`
    await answered(route, json(200, REQUEST), () => client().approve(REQUEST_ID, { version: 3 }))
    expect(last(world.authority.calls).json).toEqual({ version: 3 })
    const narrow = { capabilities: [READ_ISSUES], validForSeconds: 60, maxUses: 1, maxDelegationDepth: 0 }
    await answered(route, json(200, REQUEST), () => client().approve(REQUEST_ID, { version: 3, narrow }))
    expect(last(world.authority.calls).json).toEqual({
      version: 3,
      narrow: { capabilities: [READ_ISSUES], valid_for_seconds: 60, max_uses: 1, max_delegation_depth: 0 },
    })
  })

  test('deny, with or without a reason', async () => {
    const route = `POST /delegation-requests/${REQUEST_ID}/deny`
    await answered(route, json(200, REQUEST), () => client().deny(REQUEST_ID, { version: 3, reason: 'no' }))
    expect(last(world.authority.calls).json).toEqual({ version: 3, reason: 'no' })
    await answered(route, json(200, REQUEST), () => client().deny(REQUEST_ID, { version: 3 }))
    expect(last(world.authority.calls).json).toEqual({ version: 3 })
  })

  test('enrol an agent, list enrolments, and remove one', async () => {
    const terms = {
      agent: AGENT.did,
      onBehalfOf: { id: 'employee-4711' },
      capabilities: [READ_ISSUES],
      maxSeconds: 600,
      maxDelegationDepth: 1,
      validUntil: NOW,
    }
    const enrolled = await answered('POST /enrolments', json(201, ENROLMENT), () => client().enrol(terms))
    expect(enrolled).toEqual({ id: 'E1', ...terms })
    const { id: _, valid_until: __, ...sent } = ENROLMENT
    expect(last(world.authority.calls).json).toEqual({ ...sent, valid_until: '2026-10-01T12:00:00.000Z' })
    const listed = await answered('GET /enrolments', json(200, { enrolments: [ENROLMENT] }), () =>
      client().listEnrolments(),
    )
    expect(listed).toEqual([enrolled])
    await answered('DELETE /enrolments/E1', new Response(null, { status: 204 }), () =>
      client().removeEnrolment('E1'),
    )
  })

  test('prove where the key runs', async () => {
    const answer = {
      agent: AGENT.did,
      workload: {
        type: 'jwt',
        issuer: 'https://ci.test',
        subject: 'repo:acme/shop',
        claims: { ref: 'main' },
      },
      valid_until: '2026-10-01T12:00:00.000Z',
      enrolments: [ENROLMENT],
    }
    const route = 'POST /enrolments/workload'
    const workload = { type: 'jwt', token: 'a.b.c' } as const
    const proven = await answered(route, json(201, answer), () => client().enrolWorkload(workload))
    expect(proven).toEqual({
      agent: AGENT.did,
      issuer: 'https://ci.test',
      subject: 'repo:acme/shop',
      claims: { ref: 'main' },
      validUntil: NOW,
      enrolments: [expect.objectContaining({ id: 'E1' })],
    })
    expect(last(world.authority.calls).json).toEqual({ workload })
  })

  test('list delegations', async () => {
    const listed = await answered('GET /delegations', json(200, { delegations: [SUMMARY] }), () =>
      client().listDelegations(),
    )
    expect(listed).toEqual([
      {
        id: 'urn:uuid:2',
        subject: AGENT.did,
        onBehalfOf: { id: 'employee-4711' },
        status: 'active',
        validFrom: NOW,
        validUntil: NOW + 600_000,
        delegator: ISSUER.did,
        parentId: 'urn:uuid:1',
        purpose: 'Summarise',
        revokedAt: NOW,
        revokedBy: AGENT.did,
        reason: 'done',
        revokedAbove: 'urn:uuid:1',
      },
    ])
  })

  test('revoke a delegation or an agent', async () => {
    const receipt = { revoked: SUB_AGENT.did, sequence: 7, time: NOW }
    expect(await client().revoke({ agent: SUB_AGENT.did }, 'stolen')).toEqual(receipt)
    expect(last(world.authority.calls).json).toEqual({ agent: SUB_AGENT.did, reason: 'stolen' })
    await client().revoke({ delegation: 'urn:uuid:2' })
    expect(last(world.authority.calls).json).toEqual({ delegation: 'urn:uuid:2' })
  })

  test('list events, all or after one', async () => {
    const answer = (): Response => json(200, { events: [EVENT] })
    const events = await answered('GET /events', answer(), () => client().listEvents())
    expect(events).toEqual([{ ...EVENT, time: NOW }])
    await answered('GET /events?after=8', answer(), () => client().listEvents({ after: 8 }))
  })

  test('read a delegation, with or without what was signed', async () => {
    const issued = { id: 'urn:uuid:2', credential: 'a.b.c', evidence: { type: 'behalf-approval-evidence' } }
    const read = (): Promise<unknown> => client().readDelegation('urn:uuid:2')
    expect(await answered('GET /delegations/urn:uuid:2', json(200, issued), read)).toEqual(issued)
    const child = { id: 'urn:uuid:2' }
    expect(await answered('GET /delegations/urn:uuid:2', json(200, child), read)).toEqual(child)
  })

  test('read the log, and what a policy said', async () => {
    const entry = { index: 7, record: '{}', evidence: { salt: 'AA', text: '{}' } }
    const list = (): Promise<unknown> =>
      client().listLogEntries({ about: 'run:a&b', from: 2, limit: 9, evidence: true })
    const path = 'GET /log/entries?about=run%3Aa%26b&from=2&limit=9&evidence=true'
    expect(await answered(path, json(200, { entries: [{ ...entry, id: 'event:1' }] }), list)).toEqual([entry])
    const latest = 'GET /log/entries?about=type%3Aissued&before=7'
    await answered(latest, json(200, { entries: [] }), () =>
      client().listLogEntries({ about: 'type:issued', before: 7 }),
    )
    const policy = json(200, { digest: 'sha-256:A', document: { id: 'p' } })
    const read = (): Promise<unknown> => client().readPolicy('sha-256:A')
    expect(await answered('GET /policies/sha-256:A', policy, read)).toEqual({ id: 'p' })
  })

  test('register a child', async () => {
    const credentialStatus = statusEntry()
    const chain = [await issueRoot()]
    const entry = await answered(
      'POST /delegations/urn:uuid:1/children',
      json(201, { credentialStatus }),
      () => client().registerChild('urn:uuid:1', { chain, child: { id: 'urn:uuid:2' } }),
    )
    expect(entry).toEqual(credentialStatus)
    expect(last(world.authority.calls).json).toEqual({ chain, child: { id: 'urn:uuid:2' } })
  })
})

describe('a call', () => {
  test('with a body covers it; its redirect is not followed', async () => {
    await client().revoke({ delegation: 'urn:uuid:2' })
    const { sent } = last(world.authority.calls)
    expect(sent.headers.get('content-type')).toBe('application/json')
    expect(sent.headers.get('signature-input')).toContain(
      '("@method" "@target-uri" "content-type" "content-digest" "signature-key")',
    )
    expect(sent.headers.get('signature-key')).toMatch(/^sig=hwk;kty="OKP";crv="Ed25519";alg="Ed25519";x="/)
    expect(sent.headers.get('signature-input')).toContain('tag="agent-key"')
    expect(sent.init.redirect).toBe('manual')
    expect(decodeUtf8(sent.body)).toBe('{"delegation":"urn:uuid:2"}')
  })

  test.each(['../events', 'a/b', '', '.', '..', 'a?b', 'a#b', 'a%2fb', 'x'.repeat(201), 'ä', 'a b'])(
    'with the id %j could reach another route and is refused',
    async (id) => {
      const at = client()
      await expectRefusal(at.removeEnrolment(id), 'input_invalid')
      await expectRefusal(at.getRequest(id), 'input_invalid')
      await expectRefusal(at.collect(id), 'input_invalid')
      await expectRefusal(at.approve(id, { version: 1 }), 'input_invalid')
      await expectRefusal(at.deny(id, { version: 1 }), 'input_invalid')
      await expectRefusal(at.registerChild(id, { chain: [], child: {} }), 'input_invalid')
      expect(world.authority.calls).toEqual([])
    },
  )

  test('with a query that would say more is refused', async () => {
    await expectRefusal(client().listRequests({ status: 'pending&limit=9' }), 'input_invalid')
    await expectRefusal(client().listEvents({ after: -1.5e300 }), 'input_invalid')
  })

  test('that gets no answer says so, with the cause', async () => {
    const cause = new TypeError('fetch failed')
    world.authority.answer('GET /delegations', cause)
    expect((await expectRefusal(client().listDelegations(), 'authority_unreachable')).cause).toBe(cause)
  })

  test.each([200, 503])('whose answer with status %i breaks off says the same', async (status) => {
    const cause = new TypeError('terminated')
    const body = new ReadableStream({ pull: (controller) => controller.error(cause) })
    const type = status === 200 ? 'application/json' : 'application/problem+json'
    const answer = new Response(body, { status, headers: { 'content-type': type } })
    world.authority.answer('GET /delegations', answer)
    expect((await expectRefusal(client().listDelegations(), 'authority_unreachable')).cause).toBe(cause)
  })

  test('whose answer is given up is no answer that broke off', async () => {
    const reason = new Error('no longer wanted')
    const asking = new AbortController()
    const body = new ReadableStream({
      pull: (controller) => {
        asking.abort(reason)
        controller.error(new TypeError('terminated'))
      },
    })
    const headers = { 'content-type': 'application/json' }
    world.authority.answer('GET /delegation-requests/urn:uuid:1', new Response(body, { headers }))
    await expect(client().getRequest('urn:uuid:1', asking.signal)).rejects.toBe(reason)
  })
})

describe('a refusal', () => {
  test('carries what the authority said', async () => {
    world.authority.answer('GET /events', problem(503, 'audit_unavailable', { 'retry-after': '17' }))
    const error = await expectRefusal(client().listEvents(), 'audit_unavailable')
    expect(error).toMatchObject({
      status: 503,
      detail: 'refused: audit_unavailable',
      message: 'refused: audit_unavailable',
      requestId: 'REQ-1',
      retryAfterSeconds: 17,
    })
  })

  test('takes the request id from the field when the body has none', async () => {
    const headers = { 'content-type': 'application/problem+json; charset=utf-8', 'request-id': 'REQ-2' }
    world.authority.answer('GET /events', new Response('{"code":"forbidden"}', { status: 403, headers }))
    const error = await expectRefusal(client().listEvents(), 'forbidden')
    expect(error).toMatchObject({ requestId: 'REQ-2', detail: undefined, retryAfterSeconds: undefined })
    expect(error.message).toBe('the authority refused with status 403')
  })

  test('says its title before its detail', async () => {
    const body = JSON.stringify({ code: 'forbidden', title: 'Not an operator', detail: 'Ask one.' })
    const headers = { 'content-type': 'application/problem+json' }
    world.authority.answer('GET /events', new Response(body, { status: 403, headers }))
    const error = await expectRefusal(client().listEvents(), 'forbidden')
    expect(error.message).toBe('Not an operator: Ask one.')
    expect(error.detail).toBe('Ask one.')
  })

  test('of a code unknown here keeps its text out of the code', async () => {
    world.authority.answer('GET /events', problem(418, 'short_and_stout'))
    const error = await expectRefusal(client().listEvents(), 'authority_refused')
    expect(error).toMatchObject({ status: 418, detail: 'refused: short_and_stout' })
  })

  test('cannot write to a terminal, nor fill it', async () => {
    const detail = `\u001b[2J\u0000${'x'.repeat(1000)}`
    const headers = { 'content-type': 'application/problem+json' }
    world.authority.answer(
      'GET /events',
      new Response(JSON.stringify({ code: 'forbidden', detail }), { status: 403, headers }),
    )
    const error = await expectRefusal(client().listEvents(), 'forbidden')
    expect(error.message).toHaveLength(500)
    expect(error.message).toMatch(/^ \[2J x+$/)
  })

  test.each(['-1', '1.5', '9'.repeat(10), 'Wed, 21 Oct 2026 07:28:00 GMT'])(
    'does not take %j for seconds',
    async (after) => {
      world.authority.answer('GET /events', problem(429, 'rate_limited', { 'retry-after': after }))
      expect((await expectRefusal(client().listEvents(), 'rate_limited')).retryAfterSeconds).toBeUndefined()
    },
  )

  test('to wait is bounded by a day', async () => {
    world.authority.answer('GET /events', problem(429, 'rate_limited', { 'retry-after': '999999999' }))
    expect((await expectRefusal(client().listEvents(), 'rate_limited')).retryAfterSeconds).toBe(86_400)
  })
})

describe('an answer outside the contract is refused:', () => {
  test.each([
    ['a page', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
    [
      'JSON under another name',
      () => new Response('{"events":[]}', { headers: { 'content-type': 'text/plain' } }),
    ],
    ['no object', () => json(200, [])],
    ['half an object', () => new Response('{"events":', { headers: { 'content-type': 'application/json' } })],
    [
      'an object that says two things',
      () => new Response('{"events":[],"events":[]}', { headers: { 'content-type': 'application/json' } }),
    ],
    ['nothing', () => json(200, {})],
    ['no list', () => json(200, { events: {} })],
    ['a list of other things', () => json(200, { events: [7] })],
    ['a redirect', () => new Response(null, { status: 307, headers: { location: 'https://evil.test' } })],
    ['a refusal under another name', () => new Response('{"code":"forbidden"}', { status: 403 })],
    ['an error page', () => new Response('oops', { status: 500 })],
    [
      'a refusal without a code',
      () => new Response('{}', { status: 403, headers: { 'content-type': 'application/problem+json' } }),
    ],
    ['more than anybody needs', () => json(200, { events: [], padding: 'x'.repeat(4 * 1024 * 1024) })],
  ])('%s', async (_name, answer) => {
    world.authority.answer('GET /events', answer())
    await expectRefusal(client().listEvents(), 'authority_response_invalid')
  })

  const bad = async (
    route: string,
    body: JsonValue,
    call: () => Promise<unknown>,
  ): Promise<string | undefined> => {
    world.authority.answer(route, json(200, body))
    return (await expectRefusal(call(), 'authority_response_invalid')).field
  }

  test.each([
    ['id', 7],
    ['version', '3'],
    ['version', -1],
    ['version', 1.5],
    ['status', null],
    ['agent', undefined],
    ['agent_name', 7],
    ['on_behalf_of', 'employee-4711'],
    ['capabilities', {}],
    ['capabilities', [{ type: 'http' }]],
    ['valid_for_seconds', '300'],
    ['purpose', undefined],
    ['workflow', 'triage'],
    ['expires_at', 'tomorrow'],
    ['expires_at', '2026-10-01T12:00:00+02:00'],
    ['expires_at', '2026-99-01T12:00:00Z'],
    ['expires_at', undefined],
  ])('a request with %s %j', async (name, value) => {
    const request = JSON.parse(JSON.stringify({ ...REQUEST, [name]: value }))
    const field = await bad(`GET /delegation-requests/${REQUEST_ID}`, request, () =>
      client().getRequest(REQUEST_ID),
    )
    expect(field).toBe(name)
  })

  test('enrolments, summaries, events and receipts with a member of another form', async () => {
    const at = client()
    expect(
      await bad('GET /enrolments', { enrolments: [{ ...ENROLMENT, max_seconds: -1 }] }, () =>
        at.listEnrolments(),
      ),
    ).toBe('max_seconds')
    expect(
      await bad('GET /enrolments', { enrolments: [{ ...ENROLMENT, valid_until: 7 }] }, () =>
        at.listEnrolments(),
      ),
    ).toBe('valid_until')
    expect(
      await bad('GET /delegations', { delegations: [{ ...SUMMARY, valid_from: 7 }] }, () =>
        at.listDelegations(),
      ),
    ).toBe('valid_from')
    expect(await bad('GET /events', { events: [{ ...EVENT, data: [] }] }, () => at.listEvents())).toBe('data')
    for (const [change, field] of [
      [{ type: 'saml' }, 'agent_workload'],
      [{ subject: 7 }, 'subject'],
      [{ claims: { namespace: 7 } }, 'namespace'],
      [{ claims: [] }, 'claims'],
      [{ valid_until: 'soon' }, 'valid_until'],
    ] as const) {
      const agent_workload = { ...WORKLOAD, ...change }
      expect(
        await bad('GET /delegations', { delegations: [{ ...SUMMARY, agent_workload }] }, () =>
          at.listDelegations(),
        ),
      ).toBe(field)
    }
    const keys = [{ kid: 'k', state: 'asleep', published_at: TIME }]
    expect(await bad('GET /token-keys', { keys, rotatable_at: TIME }, () => at.listTokenKeys())).toBe('state')
    expect(await bad('GET /token-keys', { keys: [] }, () => at.listTokenKeys())).toBe('rotatable_at')
    expect(await bad('POST /token-keys', { kid: 'k' }, () => at.rotateTokenKeys())).toBe('next')
    const apis = [{ did: AGENT.did, origins: 'https://a.test', connected: 1, confirmed: 1 }]
    expect(
      await bad('GET /status/confirmations?sequence=1', { connected: 1, confirmed: 1, apis }, () =>
        at.countConfirmations(1),
      ),
    ).toBe('origins')
    const revocation = { revoked: true, sequence: 1, time: TIME }
    expect(await bad('POST /revocations', revocation, () => at.revoke({ agent: AGENT.did }))).toBe('revoked')
    const collected = { delegation: 'x', chain: ['x'], evidence: 'text' }
    const collect = `POST /delegation-requests/${REQUEST_ID}/collect`
    expect(await bad(collect, collected, () => at.collect(REQUEST_ID))).toBe('evidence')
    expect(await bad(collect, { delegation: 'x', chain: [7] }, () => at.collect(REQUEST_ID))).toBe('chain')
  })

  test.each([{ type: 'Other' }, { statusPurpose: 'suspension' }, { statusListIndex: 7 }, { id: null }])(
    'a status entry with %j',
    async (change) => {
      const credentialStatus = { ...statusEntry(), ...change }
      world.authority.answer('POST /delegations/urn:uuid:1/children', json(201, { credentialStatus }))
      const call = client().registerChild('urn:uuid:1', { chain: [], child: {} })
      await expectRefusal(call, 'authority_response_invalid')
    },
  )
})

describe('the client', () => {
  test('needs an origin', () => {
    const send = async (): Promise<Response> => new Response()
    expect(() => createAuthorityClient({ origin: 'http://authority.test', send })).toThrow(TypeError)
    expect(createAuthorityClient({ origin: 'http://127.0.0.1:7001', send }).origin).toBe(
      'http://127.0.0.1:7001',
    )
    expect(
      createAuthorityClient({ origin: 'http://authority.test', send, allowPlainHttp: true }).origin,
    ).toBe('http://authority.test')
  })

  test('knows each code once', () => {
    expect(new Set(AUTHORITY_CODES).size).toBe(AUTHORITY_CODES.length)
    expect(isAuthorityCode('not_found')).toBe(true)
    expect(isAuthorityCode('keystore_corrupt')).toBe(false)
    expect(isAuthorityCode('toString')).toBe(false)
  })
})
