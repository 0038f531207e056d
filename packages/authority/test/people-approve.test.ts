import { encodeBase64url, type JsonObject } from '@behalf/core'
import { createApprovalChallenge, parseDelegation, verifyApprovalEvidence } from '@behalf/credential'
import { beforeEach, describe, expect, test } from 'vitest'
import { ask } from './support/ask.ts'
import {
  APPROVE_ENROLLED,
  createPolicy,
  createWorld,
  READ_ONE,
  type World,
} from './support/authority-world.ts'
import { approve, type Browser, claim, invite, openBrowser, optionsOf, textOf } from './support/browser.ts'
import { listOf } from './support/read-answer.ts'

const ASK_TWO = createPolicy('two', 'permit (principal, action == Action::"ask-two", resource);')
const ABSENT = 'urn:uuid:00000000-0000-4000-8000-000000000000'

let world: World
let alice: Browser
beforeEach(async () => {
  world = await createWorld()
  alice = await claim(world)
})

describe('a person reads what an agent asks for', () => {
  test('in sentences, with what is known of the agent', async () => {
    const id = await ask(world, { agentName: 'Issue Bot', maxUses: 3 })
    const view = (await alice.get(`/api/requests/${id}`)).json
    expect(view).toMatchObject({
      id,
      status: 'pending',
      agent: world.agent.did,
      agent_name: 'Issue Bot',
      agent_fingerprint: expect.stringMatching(/^(?:[\da-f]{4} ){7}[\da-f]{4}$/u),
      agent_first_seen: new Date(world.clock()).toISOString(),
      agent_enrolled: false,
      name_warnings: [],
      approvals_needed: 1,
      approvals: [],
      turn: 'yours',
      approval_url: `${world.origin}/approve/${id}`,
    })
    expect(view['sentences']).toContain('It acts on behalf of "alice".')
    expect(view).not.toHaveProperty('previous')
    expect((await alice.get('/api/requests?status=pending')).json['requests']).toEqual([view])
    expect((await alice.get('/api/requests?status=decided')).json['requests']).toEqual([])
  })

  test('and is warned of names that are made to be taken for others', async () => {
    const warningsOf = async (agentName: string, agent = world.agent): Promise<unknown> => {
      const id = await ask(world, { agentName, workflow: { id: agentName } }, agent)
      return (await alice.get(`/api/requests/${id}`)).json['name_warnings']
    }
    expect(await warningsOf('Calendar Bot')).toEqual([])
    expect(await warningsOf('\u0421alendar Bot')).toEqual([expect.stringContaining('Cyrillic and Latin')])
    expect(await warningsOf('日本語 Bot カレンダー')).toEqual([])
    expect(await warningsOf('calendar bot', world.party('other'))).toEqual([
      expect.stringContaining('another key, uses this name'),
    ])
  })

  test('and is told what is different from the last time', async () => {
    const first = await ask(world, { validForSeconds: 60 })
    await approve(alice, [{ id: first, version: 1 }])
    world.clock.advance(10)
    const same = await ask(world, { validForSeconds: 60 })
    const previous = (await alice.get(`/api/requests/${same}`)).json['previous']
    expect(previous).toEqual({ decided_at: expect.any(String), differences: [] })
    const other = await ask(world, { validForSeconds: 120, capabilities: READ_ONE })
    const differences = ((await alice.get(`/api/requests/${other}`)).json['previous'] as JsonObject)[
      'differences'
    ]
    expect(differences).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^New: .*2 minutes/u),
        expect.stringMatching(/^Before: .*1 minute/u),
        expect.stringMatching(/^New: .*\/issues\/7/u),
      ]),
    )
  })

  test('and nobody else does, but operators and auditors, who do not decide', async () => {
    const id = await ask(world)
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const carol = await invite(alice, { id: 'carol', roles: ['auditor'] })
    for (const path of [`/api/requests/${id}`, `/api/requests/${ABSENT}`, '/api/requests/x']) {
      expect((await bob.get(path)).code).toBe('not_found')
    }
    expect((await bob.get('/api/requests')).json['requests']).toEqual([])
    expect((await carol.get(`/api/requests/${id}`)).json['turn']).toBe('theirs')
    expect(listOf((await carol.get('/api/requests')).json, 'requests')).toHaveLength(1)
    expect((await carol.send(`/api/requests/${id}/deny`, { version: 1 })).code).toBe('forbidden')
    expect((await carol.send('/api/approvals', { requests: [{ id, version: 1 }] })).code).toBe('forbidden')
    expect((await bob.send(`/api/requests/${id}/deny`, { version: 1 })).code).toBe('not_found')
    expect((await bob.send('/api/approvals', { requests: [{ id, version: 1 }] })).code).toBe('not_found')
    const theirs = await ask(world, { onBehalfOf: { id: 'bob' } })
    expect((await alice.get(`/api/requests/${theirs}`)).json['turn']).toBe('theirs')
    expect((await alice.send('/api/approvals', { requests: [{ id: theirs, version: 1 }] })).code).toBe(
      'not_found',
    )
    expect((await alice.send(`/api/requests/${theirs}/deny`, { version: 1 })).code).toBe('not_found')
  })
})

describe('a person approves', () => {
  test('what they read, and the agent collects it with evidence that proves it', async () => {
    const id = await ask(world)
    const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    expect(optionsOf(prepared)).toMatchObject({
      rpId: 'localhost',
      userVerification: 'required',
      allowCredentials: [{ id: alice.passkey.id }],
    })
    const { payloads, renderer, sentences, nonce } = Object(prepared.json)
    const challenge = createApprovalChallenge({ payloads, renderer, sentences, nonce })
    expect(optionsOf(prepared).challenge).toBe(encodeBase64url(challenge))
    const response = await alice.passkey.assert(optionsOf(prepared))
    const done = await alice.send(`/api/approvals/${textOf(prepared, 'approval')}`, { response })
    expect(listOf(done.json, 'requests')).toMatchObject([
      { id, status: 'approved', decided_by: 'alice', approvals: [{ by: 'alice' }], turn: 'none' },
    ])
    const { delegation, evidence } = await world.agent.client.collect(id)
    const parsed = parseDelegation(delegation)
    expect(parsed.approval?.method).toBe('passkey')
    const verified = await verifyApprovalEvidence(evidence ?? {}, { delegation: parsed })
    expect([verified.method, verified.isProven]).toEqual(['passkey', true])
    expect(listOf(done.json, 'requests')[0]?.['sentences']).toEqual(
      (prepared.json['sentences'] as unknown[])[0],
    )
  })

  test('less than was asked for', async () => {
    const id = await ask(world, { maxDelegationDepth: 1 })
    const narrow = { valid_for_seconds: 30, max_uses: 2, max_delegation_depth: 0 }
    const done = await approve(alice, [{ id, version: 1, narrow }])
    expect(done.status).toBe(200)
    const { delegation } = await world.agent.client.collect(id)
    const parsed = parseDelegation(delegation)
    expect([parsed.maxUses, parsed.maxDelegationDepth, parsed.validUntil - parsed.validFrom]).toEqual([
      2, 0, 30_000,
    ])
    const other = await ask(world)
    const wider = [{ id: other, version: 1, narrow: { valid_for_seconds: 3600 } }]
    expect((await alice.send('/api/approvals', { requests: wider })).code).toBe('input_invalid')
  })

  test('several requests of one agent at once', async () => {
    const ids = [await ask(world), await ask(world, { capabilities: READ_ONE })]
    const done = await approve(
      alice,
      ids.map((id) => ({ id, version: 1 })),
    )
    expect(listOf(done.json, 'requests').map(({ status }) => status)).toEqual(['approved', 'approved'])
  })

  test('with a passkey only, and the session alone leaves the approval as it was', async () => {
    const id = await ask(world)
    const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const path = `/api/approvals/${textOf(prepared, 'approval')}`
    for (const body of [{}, undefined]) {
      const answer = await alice.send(path, body)
      expect([answer.status, answer.code]).toEqual([403, 'step_up_required'])
    }
    const response = await alice.passkey.assert(optionsOf(prepared))
    expect((await alice.send(path, { response })).status).toBe(200)
    expect((await alice.send(path, { response })).code).toBe('webauthn_challenge_invalid')
  })

  test('not with an answer to anything else', async () => {
    const id = await ask(world)
    const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const stepUp = await alice.stepUp()
    const path = `/api/approvals/${textOf(prepared, 'approval')}`
    expect((await alice.send(path, { response: stepUp['response'] })).code).toBe('webauthn_challenge_invalid')
    // The wrong answer used it up.
    const response = await alice.passkey.assert(optionsOf(prepared))
    expect((await alice.send(path, { response })).code).toBe('webauthn_challenge_invalid')
  })

  test('and what was signed for that is good for nothing else', async () => {
    const id = await ask(world)
    const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const response = await alice.passkey.assert(optionsOf(prepared))
    const step_up = { ceremony: textOf(prepared, 'approval'), response }
    expect((await alice.send('/api/recovery-codes', { step_up })).code).toBe('webauthn_challenge_invalid')
  })

  test('not what another session prepared, nor with the passkey of somebody else', async () => {
    const id = await ask(world)
    const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const response = await alice.passkey.assert(optionsOf(prepared))
    const other = await openBrowser(world, alice.passkey)
    await other.login()
    const path = `/api/approvals/${textOf(prepared, 'approval')}`
    expect((await other.send(path, { response })).code).toBe('webauthn_challenge_invalid')
    const again = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    const foreign = await bob.passkey.assert(optionsOf(again))
    const refused = await alice.send(`/api/approvals/${textOf(again, 'approval')}`, { response: foreign })
    expect(refused.code).toBe('webauthn_signature_invalid')
  })

  test('not another version, not too late, and not twice', async () => {
    const id = await ask(world)
    expect((await approve(alice, [{ id, version: 2 }])).code).toBe('approval_mismatch')
    const prepared = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const response = await alice.passkey.assert(optionsOf(prepared))
    expect((await approve(alice, [{ id, version: 1 }])).status).toBe(200)
    const path = `/api/approvals/${textOf(prepared, 'approval')}`
    expect((await alice.send(path, { response })).code).toBe('approval_consumed')
    expect((await approve(alice, [{ id, version: 1 }])).code).toBe('approval_consumed')
    const late = await ask(world)
    world.clock.advance(900)
    expect((await approve(alice, [{ id: late, version: 1 }])).code).toBe('approval_expired')
    expect((await alice.get(`/api/requests/${late}`)).json).toMatchObject({ status: 'expired', turn: 'none' })
  })

  test.each([
    ['no request', []],
    [
      'a request twice',
      [
        { id: ABSENT, version: 1 },
        { id: ABSENT, version: 1 },
      ],
    ],
    ['no version', [{ id: ABSENT }]],
  ])('not %s', async (_what, requests) => {
    expect((await alice.send('/api/approvals', { requests })).code).toBe('input_invalid')
  })

  test('and allows the agent the same terms by itself', async () => {
    world = await createWorld({ policy: APPROVE_ENROLLED })
    alice = await claim(world)
    const id = await ask(world, { validForSeconds: 60 })
    const valid_until = new Date(world.clock() + 86_400_000).toISOString()
    const past = { enrol: { valid_until: new Date(world.clock()).toISOString(), max_seconds: 60 } }
    expect((await approve(alice, [{ id, version: 1 }], past)).json['field']).toBe('valid_until')
    const long = { enrol: { valid_until, max_seconds: 3601 } }
    expect((await approve(alice, [{ id, version: 1 }], long)).json['field']).toBe('max_seconds')
    const late = await alice.send('/api/approvals', { requests: [{ id, version: 1 }] })
    const afterwards = { response: {}, enrol: { valid_until, max_seconds: 60 } }
    const path = `/api/approvals/${textOf(late, 'approval')}`
    expect((await alice.send(path, afterwards)).code).toBe('input_invalid')
    const done = await approve(alice, [{ id, version: 1 }], { enrol: { valid_until, max_seconds: 60 } })
    expect(done.status).toBe(200)
    expect((await alice.get('/api/enrolments')).json['enrolments']).toMatchObject([
      {
        agent: world.agent.did,
        on_behalf_of: { id: 'alice' },
        max_seconds: 60,
        valid_until,
        created_by: 'alice',
      },
    ])
    const next = await world.agent.client.createRequest({
      onBehalfOf: { id: 'alice' },
      capabilities: READ_ONE,
      purpose: 'Again',
      validForSeconds: 60,
    })
    expect(next.status).toBe('approved')
    expect((await alice.get(`/api/requests/${next.id}`)).json).toMatchObject({ agent_enrolled: true })
  })
})

describe('two people approve', () => {
  let bob: Browser
  beforeEach(async () => {
    world = await createWorld({ policy: ASK_TWO })
    alice = await claim(world)
    bob = await invite(alice, { id: 'bob', roles: ['approver'] })
  })

  test('the person first, then one more, each with their own passkey', async () => {
    const id = await ask(world, { maxUses: 9 })
    expect((await bob.get(`/api/requests/${id}`)).code).toBe('not_found')
    const first = await approve(alice, [{ id, version: 1, narrow: { max_uses: 5 } }])
    expect(listOf(first.json, 'requests')).toMatchObject([
      { status: 'pending', approvals_needed: 2, approvals: [{ by: 'alice' }], turn: 'theirs' },
    ])
    expect((await approve(alice, [{ id, version: 1 }])).code).toBe('forbidden')
    const [seen] = listOf((await bob.get('/api/requests?status=pending')).json, 'requests')
    expect(seen).toMatchObject({ id, turn: 'second' })
    expect(JSON.stringify(seen?.['sentences'])).toContain('at most 5 requests')
    const narrower = [{ id, version: 1, narrow: { max_uses: 1 } }]
    expect((await bob.send('/api/approvals', { requests: narrower })).code).toBe('input_invalid')
    const second = await approve(bob, [{ id, version: 1 }])
    expect(listOf(second.json, 'requests')).toMatchObject([
      { status: 'approved', approvals: [{ by: 'alice' }, { by: 'bob' }] },
    ])
    expect((await bob.get(`/api/requests/${id}`)).json).toMatchObject({ status: 'approved', turn: 'none' })
    expect(listOf((await bob.get('/api/requests?status=decided')).json, 'requests')).toMatchObject([{ id }])
    const { delegation, evidence } = await world.agent.client.collect(id)
    const verified = await verifyApprovalEvidence(evidence ?? {}, { delegation: parseDelegation(delegation) })
    expect(verified.approvals.map(({ by }) => by)).toEqual(['alice', 'bob'])
  })

  test('or the second refuses', async () => {
    const id = await ask(world)
    await approve(alice, [{ id, version: 1 }])
    const denied = await bob.send(`/api/requests/${id}/deny`, { version: 1, reason: 'Not now' })
    expect(denied.json).toMatchObject({ status: 'refused', reason: 'Not now', decided_by: 'bob' })
    expect((await bob.get(`/api/requests/${id}`)).json).toMatchObject({ status: 'refused' })
    expect(listOf((await bob.get('/api/requests?status=decided')).json, 'requests')).toMatchObject([{ id }])
  })

  test('and what the person refused alone is nothing to others', async () => {
    const id = await ask(world)
    await alice.send(`/api/requests/${id}/deny`, { version: 1 })
    expect((await bob.get(`/api/requests/${id}`)).code).toBe('not_found')
    expect((await bob.get('/api/requests')).json['requests']).toEqual([])
  })

  test('nor is what a policy refused, though its name be that of a person', async () => {
    world = await createWorld({ policy: createPolicy('bob', 'forbid (principal, action, resource);') })
    bob = await invite(await claim(world), { id: 'bob', roles: ['approver'] })
    const id = await ask(world)
    expect((await bob.get(`/api/requests/${id}`)).code).toBe('not_found')
    expect((await bob.get('/api/requests')).json['requests']).toEqual([])
  })

  test('and neither an auditor nor somebody of another tenant is the second', async () => {
    const carol = await invite(alice, { id: 'carol', roles: ['auditor'] })
    const dave = await invite(alice, { id: 'dave', roles: ['approver'], tenant: 'elsewhere' })
    const id = await ask(world)
    await approve(alice, [{ id, version: 1 }])
    expect((await approve(carol, [{ id, version: 1 }])).code).toBe('forbidden')
    expect((await approve(dave, [{ id, version: 1 }])).code).toBe('not_found')
    expect((await dave.get('/api/requests')).json['requests']).toEqual([])
    expect((await dave.get(`/api/requests/${id}`)).code).toBe('not_found')
  })
})

describe('a person refuses', () => {
  test('with a reason that the agent gets', async () => {
    const id = await ask(world)
    const denied = await alice.send(`/api/requests/${id}/deny`, { version: 1, reason: 'Too much' })
    expect(denied.json).toMatchObject({ status: 'refused', reason: 'Too much', decided_by: 'alice' })
    expect((await alice.send(`/api/requests/${id}/deny`, { version: 1 })).code).toBe('approval_consumed')
    await expect(world.agent.client.collect(id)).rejects.toThrow(
      expect.objectContaining({ code: 'access_denied' }),
    )
    await expect(world.agent.client.getRequest(id)).resolves.toMatchObject({ reason: 'Too much' })
  })

  test('the version they read', async () => {
    const id = await ask(world)
    expect((await alice.send(`/api/requests/${id}/deny`, { version: 2 })).code).toBe('approval_mismatch')
    expect((await alice.send('/api/requests/x/deny', { version: 1 })).code).toBe('not_found')
    const hidden = { version: 1, reason: 'a\u202eb' }
    expect((await alice.send(`/api/requests/${id}/deny`, hidden)).code).toBe('input_invalid')
  })
})

describe('a person enrols an agent', () => {
  test('for the terms of a request, after a fresh assertion, and withdraws it', async () => {
    const id = await ask(world)
    const body = { request: id, max_seconds: 60, valid_until: new Date(world.clock() + 60_000).toISOString() }
    expect((await alice.send('/api/enrolments', body)).code).toBe('step_up_required')
    const enrolled = await alice.send('/api/enrolments', { ...body, step_up: await alice.stepUp() })
    expect(enrolled.json).toMatchObject({ agent: world.agent.did, max_seconds: 60, created_by: 'alice' })
    const bob = await invite(alice, { id: 'bob', roles: ['approver'] })
    expect((await bob.get('/api/enrolments')).json['enrolments']).toEqual([])
    const path = `/api/enrolments/${textOf(enrolled, 'id')}`
    expect((await bob.call(path, { method: 'DELETE' })).code).toBe('not_found')
    expect((await alice.call(path, { method: 'DELETE' })).status).toBe(204)
    expect((await alice.get('/api/enrolments')).json['enrolments']).toEqual([])
  })

  test('for requests of their own only', async () => {
    const id = await ask(world, { onBehalfOf: { id: 'bob' } })
    const bob = await invite(alice, { id: 'carol', roles: ['approver'] })
    const body = { request: id, max_seconds: 60, valid_until: new Date(world.clock() + 60_000).toISOString() }
    expect((await alice.send('/api/enrolments', { ...body, step_up: await alice.stepUp() })).code).toBe(
      'forbidden',
    )
    expect((await bob.send('/api/enrolments', { ...body, step_up: await bob.stepUp() })).code).toBe(
      'not_found',
    )
  })
})
