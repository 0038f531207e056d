import { beforeEach, describe, expect, test } from 'vitest'
import { expectRefusal } from './support/expect-refusal.ts'
import { json, problem, REQUEST_ID, receipt } from './support/fake-authority.ts'
import { createTestWallet, type TestWallet } from './support/test-wallet.ts'
import {
  AGENT,
  API,
  AUTHORITY,
  createKey,
  NOW,
  READ_ISSUES,
  SUB_AGENT,
  statusEntry,
} from './support/world.ts'

const TERMS = {
  onBehalfOf: { id: 'employee-4711', role: 'support' },
  capabilities: [READ_ISSUES],
  validForSeconds: 300,
  maxUses: 10,
  maxDelegationDepth: 1,
  purpose: 'Summarise open issues',
  workflow: { id: 'triage', run: 'run-7' },
}
const MADE = { authority: AUTHORITY, id: REQUEST_ID }
const DESCRIBE = 'GET /.well-known/behalf-authority'
const READ = `GET /delegation-requests/${REQUEST_ID}`
const COLLECT = `POST /delegation-requests/${REQUEST_ID}/collect`

/** What the authority says was asked. */
const REQUEST = {
  id: REQUEST_ID,
  version: 2,
  status: 'approved',
  agent: AGENT.did,
  on_behalf_of: TERMS.onBehalfOf,
  capabilities: [READ_ISSUES],
  valid_for_seconds: 300,
  max_uses: 10,
  max_delegation_depth: 1,
  purpose: TERMS.purpose,
  workflow: TERMS.workflow,
  expires_at: new Date(NOW + 60_000).toISOString(),
}

let world: TestWallet
beforeEach(async () => {
  world = createTestWallet()
  await world.wallet.authority(AUTHORITY).createRequest(TERMS)
  world.authority.calls.splice(0)
})

const answerRequest = (changes: Record<string, unknown> = {}): void =>
  world.authority.answer(READ, json(200, { ...REQUEST, ...changes }))

describe('collecting what was asked for earlier', () => {
  test('gives the delegation, kept in the wallet with its evidence', async () => {
    answerRequest()
    const delegation = await world.wallet.collectDelegation(MADE)
    expect(delegation.leaf).toMatchObject({ subject: AGENT.did, maxUses: 10 })
    expect(delegation.evidence).toEqual({ kind: 'operator' })
    expect(world.wallet.delegations()).toEqual([delegation])
    expect(world.waits).toEqual([])
    expect(world.authority.calls.map(({ route }) => route)).toEqual([DESCRIBE, READ, COLLECT])
    expect(world.authority.calls[1]?.agent).toBe(AGENT.did)
    await expect(world.wallet.fetch(`${API}/issues/7`)).resolves.toMatchObject({ status: 200 })
  })

  test('waits, slower when told to, and outlasts an authority that is gone for a moment', async () => {
    answerRequest({ status: 'pending' })
    const pending = (): Response => problem(400, 'authorization_pending')
    world.authority.answer(COLLECT, pending(), problem(400, 'slow_down'), new TypeError('gone'), pending())
    await world.wallet.collectDelegation(MADE)
    expect(world.waits).toEqual([5, 10, 10, 10])
  })

  test('does not outlast the request', async () => {
    answerRequest()
    world.authority.answer(COLLECT, ...Array.from({ length: 50 }, () => new TypeError('gone')))
    await expectRefusal(world.wallet.collectDelegation(MADE), 'authority_unreachable')
    expect(world.authority.calls.filter(({ route }) => route === COLLECT)).toHaveLength(13)
  })

  test.each(['authorization_pending', 'slow_down'] as const)('asked once takes %s', async (code) => {
    answerRequest({ status: 'pending' })
    world.authority.answer(COLLECT, problem(400, code))
    await expectRefusal(world.wallet.collectDelegation({ ...MADE, once: true }), code)
    expect(world.waits).toEqual([])
  })

  test('ends when the caller gives up', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    controller.abort(reason)
    answerRequest()
    const work = world.wallet.collectDelegation({ ...MADE, signal: controller.signal })
    await expect(work).rejects.toBe(reason)
    expect(world.authority.calls.filter(({ route }) => route === COLLECT)).toEqual([])
  })
})

describe('a delegation that was not asked for is not kept:', () => {
  const refused = async (code: Parameters<typeof expectRefusal>[1]): Promise<string | undefined> => {
    const { field } = await expectRefusal(world.wallet.collectDelegation(MADE), code)
    expect(world.wallet.delegations()).toEqual([])
    return field
  }

  test.each([
    ['onBehalfOf', { on_behalf_of: { id: 'employee-1', role: 'support' } }],
    ['workflow', { workflow: { id: 'triage' } }],
    ['purpose', { purpose: 'Something else' }],
    ['capabilities', { capabilities: [{ ...READ_ISSUES, actions: ['HEAD'] }] }],
    ['validUntil', { valid_for_seconds: 299 }],
    ['maxUses', { max_uses: 9 }],
    ['maxDelegationDepth', { max_delegation_depth: 0 }],
  ])('another or wider %s than the authority says', async (field, changes) => {
    answerRequest(changes)
    expect(await refused('attenuation_violation')).toBe(field)
  })

  test('for another agent', async () => {
    answerRequest()
    world.authority.grant({ subject: SUB_AGENT.did })
    await refused('key_mismatch')
  })

  test('by another issuer than the authority names', async () => {
    const other = createKey(7)
    answerRequest()
    world.authority.grant({ issuer: other.did }, other)
    await refused('issuer_untrusted')
  })

  test('with its status published elsewhere', async () => {
    answerRequest()
    world.authority.grant({ status: statusEntry('https://elsewhere.test') })
    await refused('status_invalid')
  })

  test('asked for by another agent', async () => {
    answerRequest({ agent: SUB_AGENT.did })
    await refused('not_found')
    expect(world.authority.calls.map(({ route }) => route)).not.toContain(COLLECT)
  })

  test('of another request', async () => {
    answerRequest({ id: 'urn:uuid:other' })
    expect(await refused('authority_response_invalid')).toBe('id')
  })
})

describe('a refusal', () => {
  const denied = async (request: Response | Error): Promise<unknown> => {
    world.authority.answer(COLLECT, problem(403, 'access_denied'))
    world.authority.answer(READ, json(200, REQUEST), request)
    const error = await expectRefusal(world.wallet.collectDelegation(MADE), 'access_denied')
    expect(error).toMatchObject({ status: 403, requestId: 'REQ-1' })
    return error
  }

  test('tells the reason as the words of the authority', async () => {
    const error = await denied(json(200, { ...REQUEST, reason: 'Not during the freeze' }))
    expect(error).toMatchObject({
      reason: 'Not during the freeze',
      detail: 'the authority says: “Not during the freeze”',
    })
  })

  test('tells it on one line, with nothing that moves or hides text, and not for ever', async () => {
    const hostile = `\u001b[2Ja\n\u202eb\u2066\u200b\u2028c\u009b${'\u{1F600}'.repeat(500)}`
    const error = await denied(json(200, { ...REQUEST, reason: hostile }))
    const reason = `[2Ja b c ${'\u{1F600}'.repeat(391)}`
    expect(error).toMatchObject({ reason, detail: `the authority says: “${reason}”` })
    expect(Array.from(reason)).toHaveLength(400)
  })

  test.each<[string, Response | Error]>([
    ['without a reason', json(200, REQUEST)],
    ['whose reason is empty', json(200, { ...REQUEST, reason: ' \u200b ' })],
    ['whose reason cannot be read', problem(404, 'not_found')],
    ['whose reason does not arrive', new TypeError('gone')],
    ['whose reason is of another request', json(200, { ...REQUEST, id: 'urn:uuid:other', reason: 'x' })],
  ])('%s is the refusal all the same', async (_, request) => {
    expect(await denied(request)).toMatchObject({ detail: 'refused: access_denied', reason: undefined })
  })

  test.each([
    ['the policy', 'POST /delegation-requests', json(201, receipt({ status: 'refused' }))],
    ['a person', COLLECT, problem(403, 'access_denied')],
  ])('by %s, of what is asked now, tells the reason, too', async (_, route, answer) => {
    world.authority.answer(route, answer)
    answerRequest({ status: 'refused', reason: 'Nobody may' })
    const asked = { ...TERMS, authority: AUTHORITY }
    const error = await expectRefusal(world.wallet.requestDelegation(asked), 'access_denied')
    expect(error).toMatchObject({ reason: 'Nobody may', detail: 'the authority says: “Nobody may”' })
  })

  test('of another kind asks for no reason', async () => {
    answerRequest()
    world.authority.answer(COLLECT, problem(410, 'approval_expired'))
    await expectRefusal(world.wallet.collectDelegation(MADE), 'approval_expired')
    expect(world.authority.calls.filter(({ route }) => route === READ)).toHaveLength(1)
  })
})
