import { digestSha256, type JsonObject } from '@behalf/core'
import { createDelegationPayload, parseCompactJws, parseDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { ANSWERS, type AnswerName } from '../src/answer-schemas.ts'
import {
  ALICE,
  ASK_ALWAYS,
  createPolicy,
  createWorld,
  idOf,
  type RawAnswer,
  READ_ISSUES,
  START,
  type World,
} from './support/authority-world.ts'
import { listOf } from './support/read-answer.ts'

const CHILD = 'urn:uuid:11111111-2222-4333-8444-555555555555'
const ASK = { on_behalf_of: ALICE, capabilities: READ_ISSUES, purpose: 'Sum up the open issues' }

/** The answer is exactly what the documentation says it is. */
function expectAnswer(answer: RawAnswer, status: number, name: AnswerName): JsonObject {
  expect([answer.status, answer.text]).toEqual([status, expect.any(String)])
  expect(answer.headers.get('content-type')).toBe('application/json')
  expect(answer.headers.get('cache-control')).toBe('no-store')
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff')
  expect(ANSWERS[name].safeParse(answer.json)).toMatchObject({ success: true })
  return answer.json
}

const post = (body: unknown): { method: string; body: string } => ({
  method: 'POST',
  body: JSON.stringify(body),
})

async function ask(world: World, more: Record<string, unknown> = {}): Promise<string> {
  const answer = await world.agent.send({ path: '/delegation-requests', ...post({ ...ASK, ...more }) })
  expectAnswer(answer, 201, 'receipt')
  return idOf(answer)
}

describe('GET /.well-known/behalf-authority', () => {
  test('says who issues and where to look', async () => {
    const world = await createWorld()
    const answer = expectAnswer(await world.get('/.well-known/behalf-authority'), 200, 'description')
    expect(answer).toEqual({
      issuer: world.authority.issuerDid,
      heartbeat: `${world.origin}/status/heartbeat`,
      origin: world.origin,
      max_seconds: 3600,
      default_seconds: 600,
    })
  })

  test('says so under its own name, whatever name it is called by', async () => {
    const world = await createWorld()
    const plain = await world.get('/.well-known/behalf-authority')
    const poisoned = await world.get('/.well-known/behalf-authority', {
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.test',
    })
    expect(poisoned.json).toEqual(plain.json)
  })
})

describe('POST /delegation-requests', () => {
  test('answers with a receipt', async () => {
    const world = await createWorld()
    const answer = await world.agent.send({ path: '/delegation-requests', ...post(ASK) })
    const receipt = expectAnswer(answer, 201, 'receipt')
    expect(receipt).toEqual({
      id: expect.stringMatching(/^urn:uuid:/u),
      version: 1,
      status: 'pending',
      approval_url: `${world.origin}/approve/${idOf(answer)}`,
      expires_at: new Date(world.clock() + 900_000).toISOString(),
      interval_seconds: 2,
    })
  })

  test('takes everything that may be asked for', async () => {
    const world = await createWorld()
    const more = {
      on_behalf_of: { id: 'acct-42', role: 'maintainer', tenant: 'acme' },
      valid_for_seconds: 60,
      max_uses: 3,
      max_delegation_depth: 2,
      workflow: { id: 'triage', run: '7' },
      agent_name: 'Summariser',
    }
    const id = await ask(world, more)
    const answer = await world.agent.send({ path: `/delegation-requests/${id}` })
    expect(expectAnswer(answer, 200, 'request')).toMatchObject({ ...ASK, ...more, agent: world.agent.did })
  })

  test('tells at once when the policy refuses', async () => {
    const policy = createPolicy('closed', 'forbid (principal, action, resource);')
    const world = await createWorld({ policy })
    const answer = await world.agent.send({ path: '/delegation-requests', ...post(ASK) })
    expect(expectAnswer(answer, 201, 'receipt')).toMatchObject({ status: 'refused' })
  })

  test('has an end for one key', async () => {
    const world = await createWorld({ limits: { pendingPerAgent: 2 } })
    await ask(world)
    await ask(world, { workflow: { id: 'two' } })
    const third = await world.agent.send({
      path: '/delegation-requests',
      ...post({ ...ASK, workflow: { id: 'three' } }),
    })
    expect([third.status, third.code, third.headers.get('retry-after')]).toEqual([429, 'rate_limited', '60'])
  })
})

describe('PUT /delegation-requests/{id}', () => {
  const put = (body: unknown): { method: string; body: string } => ({
    method: 'PUT',
    body: JSON.stringify(body),
  })

  test('makes the next version of the request', async () => {
    const world = await createWorld()
    const path = `/delegation-requests/${await ask(world)}`
    const changed = { ...ASK, purpose: 'Sum up the closed ones instead' }
    const answer = await world.agent.send({ path, ...put({ version: 1, ...changed }) })
    expect(expectAnswer(answer, 200, 'receipt')).toMatchObject({ version: 2, status: 'pending' })
    const request = expectAnswer(await world.agent.send({ path }), 200, 'request')
    expect(request).toMatchObject({ version: 2, ...changed })
  })

  test('is for the key that asked', async () => {
    const world = await createWorld()
    const path = `/delegation-requests/${await ask(world)}`
    for (const party of [world.party('stranger'), world.operator]) {
      const answer = await party.send({ path, ...put({ version: 1, ...ASK }) })
      expect([answer.status, answer.code]).toEqual([404, 'not_found'])
    }
  })

  test('makes an approval of the version before fail', async () => {
    const world = await createWorld()
    const path = `/delegation-requests/${await ask(world)}`
    await world.agent.send({ path, ...put({ version: 1, ...ASK }) })
    const answer = await world.operator.send({ path: `${path}/approve`, ...post({ version: 1 }) })
    expect([answer.status, answer.code]).toEqual([409, 'approval_mismatch'])
  })
})

describe('POST /delegation-requests/{id}/collect', () => {
  test('waits, slows down, and gives the delegation in the end', async () => {
    const world = await createWorld()
    const id = await ask(world)
    const collect = (): Promise<RawAnswer> =>
      world.agent.send({ path: `/delegation-requests/${id}/collect`, ...post({}) })
    const answers = [await collect(), await collect()]
    expect(answers.map(({ status, code }) => [status, code])).toEqual([
      [400, 'authorization_pending'],
      [400, 'slow_down'],
    ])
    await world.operator.send({ path: `/delegation-requests/${id}/approve`, ...post({ version: 1 }) })
    const collected = expectAnswer(await collect(), 200, 'collected')
    expect(collected.chain).toEqual([collected.delegation])
    expect(collected.evidence).toMatchObject({ by: world.operator.did })
  })

  test('needs no body', async () => {
    const world = await createWorld()
    const id = await ask(world)
    const answer = await world.agent.send({ method: 'POST', path: `/delegation-requests/${id}/collect` })
    expect(answer.code).toBe('authorization_pending')
  })

  test('tells that a request was refused, or was not decided in time', async () => {
    const world = await createWorld()
    const [denied, forgotten] = [await ask(world), await ask(world, { workflow: { id: 'two' } })]
    await world.operator.send({ path: `/delegation-requests/${denied}/deny`, ...post({ version: 1 }) })
    world.clock.advance(900)
    const codes = []
    for (const id of [denied, forgotten]) {
      const answer = await world.agent.send({ path: `/delegation-requests/${id}/collect`, ...post({}) })
      codes.push([answer.status, answer.code])
    }
    expect(codes).toEqual([
      [403, 'access_denied'],
      [410, 'approval_expired'],
    ])
  })
})

describe('the decisions of an operator', () => {
  test('approve, narrower than asked', async () => {
    const world = await createWorld()
    const id = await ask(world)
    const narrow = { valid_for_seconds: 60, max_uses: 1, max_delegation_depth: 0 }
    const answer = await world.operator.send({
      path: `/delegation-requests/${id}/approve`,
      ...post({ version: 1, narrow }),
    })
    expect(expectAnswer(answer, 200, 'request')).toMatchObject({
      status: 'approved',
      decided_by: world.operator.did,
      delegation_id: expect.stringMatching(/^urn:uuid:/u),
    })
    const { delegation } = await world.agent.client.collect(id)
    const { validFrom, validUntil, maxUses } = parseDelegation(delegation)
    expect([validUntil - validFrom, maxUses]).toEqual([60_000, 1])
  })

  test('deny, with a reason that the agent may read', async () => {
    const world = await createWorld()
    const id = await ask(world)
    const answer = await world.operator.send({
      path: `/delegation-requests/${id}/deny`,
      ...post({ version: 1, reason: 'Ask the owner' }),
    })
    expect(expectAnswer(answer, 200, 'request')).toMatchObject({ status: 'refused', reason: 'Ask the owner' })
    const read = await world.agent.send({ path: `/delegation-requests/${id}` })
    expect(read.json.reason).toBe('Ask the owner')
  })

  test.each([
    ['another version', { version: 2 }, 409, 'approval_mismatch'],
    ['a narrowing that widens', { version: 1, narrow: { valid_for_seconds: 601 } }, 422, 'input_invalid'],
  ])('are refused for %s', async (_name, body, status, code) => {
    const world = await createWorld()
    const id = await ask(world)
    const answer = await world.operator.send({ path: `/delegation-requests/${id}/approve`, ...post(body) })
    expect([answer.status, answer.code]).toEqual([status, code])
  })

  test('count once, even twice at once', async () => {
    const world = await createWorld()
    const id = await ask(world)
    const decide = (what: string): Promise<RawAnswer> =>
      world.operator.send({ path: `/delegation-requests/${id}/${what}`, ...post({ version: 1 }) })
    const both = await Promise.all([decide('approve'), decide('approve'), decide('deny')])
    expect(both.map(({ status }) => String(status)).toSorted()).toEqual(['200', '409', '409'])
    expect((await decide('approve')).code).toBe('approval_consumed')
    const { json } = await world.operator.send({ path: '/delegations' })
    expect(json.delegations).toHaveLength(both[2]?.status === 200 ? 0 : 1)
  })

  test('come too late after the time of the request', async () => {
    const world = await createWorld()
    const id = await ask(world)
    world.clock.advance(900)
    const answer = await world.operator.send({
      path: `/delegation-requests/${id}/approve`,
      ...post({ version: 1 }),
    })
    expect([answer.status, answer.code]).toEqual([410, 'approval_expired'])
  })
})

describe('the lists', () => {
  test('of requests, by where they stand', async () => {
    const world = await createWorld()
    const [one, two] = [await ask(world), await ask(world, { workflow: { id: 'two' } })]
    await world.operator.send({ path: `/delegation-requests/${one}/deny`, ...post({ version: 1 }) })
    const ids = async (query: string): Promise<unknown> => {
      const answer = await world.operator.send({ path: `/delegation-requests${query}` })
      const { requests } = expectAnswer(answer, 200, 'requests')
      return Array.isArray(requests) ? requests.map((request) => (request as JsonObject).id) : requests
    }
    expect(await ids('')).toEqual([two, one])
    expect(await ids('?status=pending')).toEqual([two])
    expect(await ids('?status=refused')).toEqual([one])
    expect(await ids('?status=approved')).toEqual([])
    world.clock.advance(900)
    expect(await ids('?status=pending')).toEqual([])
    expect(await ids('?status=expired')).toEqual([two])
  })

  test('of enrolments, which can be made and withdrawn', async () => {
    const world = await createWorld()
    const terms = {
      agent: world.agent.did,
      on_behalf_of: ALICE,
      capabilities: READ_ISSUES,
      max_seconds: 600,
      max_delegation_depth: 1,
      valid_until: new Date(START + 60_000).toISOString(),
    }
    const made = await world.operator.send({ path: '/enrolments', ...post(terms) })
    const enrolment = expectAnswer(made, 201, 'enrolment')
    expect(enrolment).toMatchObject(terms)
    const list = await world.operator.send({ path: '/enrolments' })
    expect(expectAnswer(list, 200, 'enrolments')).toEqual({ enrolments: [enrolment] })
    const withdrawn = await world.operator.send({
      method: 'DELETE',
      path: `/enrolments/${idOf(made)}`,
    })
    expect([withdrawn.status, withdrawn.text]).toEqual([204, ''])
    expect((await world.operator.send({ path: '/enrolments' })).json).toEqual({ enrolments: [] })
  })

  test('of delegations, with what became of them', async () => {
    const world = await createWorld()
    const ids = [await ask(world), await ask(world, { workflow: { id: 'two' } })]
    for (const id of ids) await world.operator.client.approve(id, { version: 1 })
    const { delegationId = '' } = await world.operator.client.getRequest(ids[0] ?? '')
    await world.operator.client.revoke({ delegation: delegationId }, 'Enough')
    const read = async (): Promise<unknown> => {
      const { delegations } = expectAnswer(
        await world.operator.send({ path: '/delegations' }),
        200,
        'delegations',
      )
      return delegations
    }
    expect(await read()).toMatchObject([
      {
        status: 'active',
        subject: world.agent.did,
        delegator: world.authority.issuerDid,
        request_id: ids[1],
      },
      { status: 'revoked', revoked_by: world.operator.did, reason: 'Enough', capabilities: READ_ISSUES },
    ])
    world.clock.advance(600)
    expect(await read()).toMatchObject([{ status: 'expired' }, { status: 'revoked' }])
  })

  test('of events, from any point on', async () => {
    const world = await createWorld()
    await ask(world)
    const all = expectAnswer(await world.operator.send({ path: '/events' }), 200, 'events').events
    const later = expectAnswer(await world.operator.send({ path: '/events?after=3' }), 200, 'events').events
    expect(Array.isArray(all) && all.slice(3)).toEqual(later)
    expect(later).toMatchObject([
      { sequence: 4, type: 'requested' },
      { sequence: 5, type: 'policy_decided' },
    ])
  })
})

describe('GET /policies/{digest}', () => {
  test('gives the text of a policy that applied once, and hides what never did', async () => {
    const world = await createWorld()
    const policy = createPolicy('later', 'permit (principal, action, resource);')
    const later = await world.restart({ policy })
    for (const { digest, document } of [ASK_ALWAYS, policy]) {
      const answer = await later.operator.send({ path: `/policies/${digest}` })
      expect(expectAnswer(answer, 200, 'policy')).toEqual({ digest, document })
    }
    for (const digest of [`sha-256:${'A'.repeat(43)}`, 'sha-256:x', '']) {
      const answer = await later.operator.send({ path: `/policies/${digest}` })
      expect([answer.status, answer.code]).toEqual([404, 'not_found'])
    }
  })
})

describe('GET /delegations/{id}', () => {
  test('gives a root as it was signed with its evidence, and hides what is not there', async () => {
    const world = await createWorld()
    const request = await ask(world)
    await world.operator.client.approve(request, { version: 1 })
    const { delegation, evidence } = await world.agent.client.collect(request)
    const root = parseDelegation(delegation)
    const answer = await world.operator.send({ path: `/delegations/${root.id}` })
    expect(expectAnswer(answer, 200, 'issuedDelegation')).toEqual({
      id: root.id,
      credential: delegation,
      evidence,
    })
    for (const id of ['urn:uuid:00000000-0000-4000-8000-000000000000', 'x']) {
      const none = await world.operator.send({ path: `/delegations/${id}` })
      expect([none.status, none.code]).toEqual([404, 'not_found'])
    }
  })
})

describe('POST /delegations/{id}/children', () => {
  test('answers with a status entry; of the child the authority then has the id alone', async () => {
    const world = await createWorld()
    const id = await ask(world, { max_delegation_depth: 1 })
    await world.operator.client.approve(id, { version: 1 })
    const { delegation, chain } = await world.agent.client.collect(id)
    const parent = parseDelegation(delegation)
    const { credentialStatus, ...child } = createDelegationPayload(
      {
        ...parent,
        id: CHILD,
        issuer: world.agent.did,
        subject: world.party('sub-agent').did,
        maxDelegationDepth: 0,
        parent: { id: parent.id, digest: parent.digest },
      },
      world.clock(),
    )
    expect(credentialStatus).toBeDefined()
    const { policy, approval, ...subject } = child.credentialSubject as JsonObject
    expect([policy, approval]).not.toContain(undefined)
    const path = `/delegations/${parent.id}/children`
    const body = { chain, child: { ...child, credentialSubject: subject } }
    const answer = await world.agent.send({ path, ...post(body) })
    expect(expectAnswer(answer, 201, 'child')).toMatchObject({
      credentialStatus: {
        statusListCredential: `${world.origin}/status/lists/1`,
        statusPurpose: 'revocation',
      },
    })
    const registered = await world.operator.send({ path: `/delegations/${CHILD}` })
    expect(expectAnswer(registered, 200, 'issuedDelegation')).toEqual({ id: CHILD })
    const wider = { ...subject, maxDelegationDepth: 1 }
    const refused = await world.agent.send({
      path,
      ...post({ chain, child: { ...child, credentialSubject: wider } }),
    })
    expect([refused.status, refused.code, refused.json.field]).toEqual([
      401,
      'attenuation_violation',
      'maxDelegationDepth',
    ])
  })
})

describe('POST /revocations', () => {
  test('is idempotent, also at once', async () => {
    const world = await createWorld()
    const id = await ask(world)
    const { delegationId = '' } = await world.operator.client.approve(id, { version: 1 })
    const revoke = (): Promise<RawAnswer> =>
      world.operator.send({ path: '/revocations', ...post({ delegation: delegationId, reason: 'Enough' }) })
    const [first, second] = await Promise.all([revoke(), revoke()])
    const receipt = expectAnswer(first ?? (await revoke()), 200, 'revocation')
    expect(second?.json).toEqual(receipt)
    expect(receipt).toMatchObject({ revoked: delegationId, time: new Date(world.clock()).toISOString() })
    const revoked = (await world.operator.client.listEvents()).filter(
      ({ type }) => type === 'delegation_revoked',
    )
    expect(revoked).toHaveLength(1)
  })

  test('lets a delegation rest and go on; both are for operators', async () => {
    const world = await createWorld()
    const id = await ask(world)
    const { delegationId = '' } = await world.operator.client.approve(id, { version: 1 })
    const send = (body: object, by = world.operator): Promise<RawAnswer> =>
      by.send({ path: '/revocations', ...post(body) })
    const statusOf = async (): Promise<unknown> => {
      const { json } = await world.operator.send({ path: '/delegations' })
      return listOf(json, 'delegations')
    }
    for (const body of [{ suspend: delegationId }, { resume: delegationId }]) {
      expect((await send(body, world.agent)).code).toBe('forbidden')
    }
    const suspended = expectAnswer(await send({ suspend: delegationId, reason: 'Odd' }), 200, 'suspension')
    expect(suspended).toMatchObject({ delegation: delegationId, suspended: true })
    expect(await statusOf()).toMatchObject([
      { status: 'suspended', suspended_by: world.operator.did, suspended_reason: 'Odd' },
    ])
    const collected = await world.agent.send({ path: `/delegation-requests/${id}/collect`, ...post({}) })
    expect([collected.status, collected.code]).toEqual([401, 'credential_suspended'])
    const url = `${world.origin}/status/lists/1/suspension`
    const served = await world.get('/status/lists/1/suspension')
    const { payload } = parseCompactJws((await world.get('/status/heartbeat')).text, { maxBytes: 10_000 })
    const digest = digestSha256(served.text)
    expect([payload['sequence'], served.headers.get('etag')]).toEqual([suspended['sequence'], `"${digest}"`])
    expect(payload['lists']).toContainEqual(expect.objectContaining({ id: url, version: 2, digest }))
    const resumed = expectAnswer(await send({ resume: delegationId }), 200, 'suspension')
    expect(resumed).toMatchObject({ delegation: delegationId, suspended: false })
    expect(await statusOf()).toMatchObject([{ status: 'active' }])
    expect((await send({ resume: 'urn:uuid:0' })).code).toBe('not_found')
    expect((await send({ resume: 7 })).code).toBe('input_invalid')
  })

  test('of a key is for operators', async () => {
    const world = await createWorld()
    const body = { agent: world.party('victim').did }
    const byAgent = await world.agent.send({ path: '/revocations', ...post(body) })
    expect([byAgent.status, byAgent.code]).toEqual([403, 'forbidden'])
    const byOperator = await world.operator.send({ path: '/revocations', ...post(body) })
    expect(expectAnswer(byOperator, 200, 'revocation')).toMatchObject({ revoked: body.agent })
    expect((await world.published()).revokedKeys).toEqual([body.agent])
  })
})

describe('GET /approve/{id}', () => {
  test('tells how to approve, and nothing about any request', async () => {
    const world = await createWorld()
    const id = await ask(world, { agent_name: 'Summariser' })
    const known = await world.get(`/approve/${id}`)
    const unknown = await world.get('/approve/whatever')
    expect([known.status, known.headers.get('content-type')]).toEqual([200, 'text/plain; charset=utf-8'])
    expect(known.text).toBe(unknown.text)
    expect(known.text).toContain('behalf approve')
    for (const secret of [id, 'Summariser', 'acct-42', 'issues']) expect(known.text).not.toContain(secret)
  })
})
