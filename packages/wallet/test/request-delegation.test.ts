import { describe, expect, test } from 'vitest'
import type { RequestDelegationOptions } from '../src/request-delegation.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { description, json, problem, REQUEST_ID, receipt } from './support/fake-authority.ts'
import { createTestWallet, ids, type TestWallet } from './support/test-wallet.ts'
import {
  AGENT,
  API,
  AUTHORITY,
  createKey,
  ISSUER,
  issueChild,
  issueRoot,
  NOW,
  READ_ISSUES,
  SUB_AGENT,
  statusEntry,
} from './support/world.ts'

const ASKED: RequestDelegationOptions = {
  authority: AUTHORITY,
  onBehalfOf: { id: 'employee-4711', role: 'support' },
  capabilities: [READ_ISSUES],
  validForSeconds: 300,
  maxUses: 10,
  maxDelegationDepth: 1,
  purpose: 'Summarise open issues',
  workflow: { id: 'triage', run: 'run-7' },
  agentName: 'Triage bot',
}
const ASK = 'POST /delegation-requests'
const COLLECT = `POST /delegation-requests/${REQUEST_ID}/collect`
const DESCRIBE = 'GET /.well-known/behalf-authority'

describe('asking for a delegation', () => {
  test('gives the delegation, kept in the wallet with its evidence', async () => {
    const { wallet } = createTestWallet()
    const delegation = await wallet.requestDelegation(ASKED)
    expect(delegation.leaf).toMatchObject({ subject: AGENT.did, issuer: ISSUER.did, maxUses: 10 })
    expect(delegation.authority).toBe(AUTHORITY)
    expect(delegation.evidence).toEqual({ kind: 'operator' })
    expect(wallet.delegations()).toEqual([delegation])
    await expect(wallet.fetch(`${API}/issues/7`)).resolves.toMatchObject({ status: 200 })
  })

  test('sends the terms in the spelling of the wire, signed by the agent', async () => {
    const { wallet, authority } = createTestWallet()
    await wallet.requestDelegation(ASKED)
    expect(authority.calls.map(({ route }) => route)).toEqual([DESCRIBE, ASK, COLLECT])
    const [described, asked, collected] = authority.calls
    expect(described?.agent).toBeUndefined()
    expect(asked?.agent).toBe(AGENT.did)
    expect(collected?.agent).toBe(AGENT.did)
    expect(asked?.json).toEqual({
      on_behalf_of: { id: 'employee-4711', role: 'support' },
      capabilities: [READ_ISSUES],
      valid_for_seconds: 300,
      max_uses: 10,
      max_delegation_depth: 1,
      purpose: 'Summarise open issues',
      workflow: { id: 'triage', run: 'run-7' },
      agent_name: 'Triage bot',
    })
  })

  test('leaves out what was not asked', async () => {
    const { wallet, authority } = createTestWallet()
    const { authority: origin, onBehalfOf, capabilities, purpose } = ASKED
    await wallet.requestDelegation({ authority: origin, onBehalfOf, capabilities, purpose })
    expect(Object.keys(authority.calls[1]?.json ?? {}).toSorted()).toEqual([
      'capabilities',
      'on_behalf_of',
      'purpose',
    ])
  })

  test('tells once where a person decides', async () => {
    const { wallet, authority } = createTestWallet()
    const pending: unknown[] = []
    authority.answer(COLLECT, problem(400, 'authorization_pending'))
    await wallet.requestDelegation({ ...ASKED, onPending: (approval) => pending.push(approval) })
    expect(pending).toEqual([
      { id: REQUEST_ID, approvalUrl: `${AUTHORITY}/approve/AAAA`, expiresAt: NOW + 300_000 },
    ])
  })

  test('waits for nobody when the policy approved', async () => {
    const { wallet, authority, waits } = createTestWallet()
    const pending: unknown[] = []
    authority.answer(ASK, json(201, receipt({ status: 'approved' })))
    await wallet.requestDelegation({ ...ASKED, onPending: (approval) => pending.push(approval) })
    expect(pending).toEqual([])
    expect(waits).toEqual([])
  })

  test('ends when the policy refused', async () => {
    const { wallet, authority } = createTestWallet()
    authority.answer(ASK, json(201, receipt({ status: 'refused' })))
    await expectRefusal(wallet.requestDelegation(ASKED), 'access_denied')
    expect(authority.calls.map(({ route }) => route)).not.toContain(COLLECT)
  })
})

describe('polling', () => {
  test('keeps the interval of the authority and slows down when told to', async () => {
    const { wallet, authority, waits } = createTestWallet()
    const pending = (): Response => problem(400, 'authorization_pending')
    authority.answer(COLLECT, pending(), problem(400, 'slow_down'), pending(), problem(400, 'slow_down'))
    await wallet.requestDelegation(ASKED)
    expect(waits).toEqual([5, 5, 10, 10, 15])
  })

  test.each([
    [0, 1],
    [100_000, 300],
  ])('with interval %i waits %i seconds', async (interval_seconds, seconds) => {
    const { wallet, authority, waits } = createTestWallet()
    authority.answer(ASK, json(201, receipt({ interval_seconds })))
    await wallet.requestDelegation({ ...ASKED, validForSeconds: 600 })
    expect(waits).toEqual([seconds])
  })

  test('outlasts an authority that is gone for a moment', async () => {
    const { wallet, authority, waits } = createTestWallet()
    authority.answer(
      COLLECT,
      new TypeError('fetch failed'),
      problem(503, 'status_stale'),
      problem(429, 'rate_limited'),
    )
    await wallet.requestDelegation(ASKED)
    expect(waits).toEqual([5, 5, 5, 5])
  })

  test('does not outlast the request', async () => {
    const { wallet, authority } = createTestWallet()
    authority.answer(COLLECT, ...Array.from({ length: 100 }, () => new TypeError('fetch failed')))
    await expectRefusal(wallet.requestDelegation(ASKED), 'authority_unreachable')
    expect(authority.calls.filter(({ route }) => route === COLLECT)).toHaveLength(60)
  })

  test.each([
    [403, 'access_denied'],
    [410, 'approval_expired'],
    [404, 'not_found'],
    [401, 'key_revoked'],
  ] as const)('ends with %i %s, and tells it', async (status, code) => {
    const { wallet, authority } = createTestWallet()
    authority.answer(COLLECT, problem(status, code))
    const error = await expectRefusal(wallet.requestDelegation(ASKED), code)
    expect(error).toMatchObject({ status, detail: `refused: ${code}`, requestId: 'REQ-1' })
    expect(wallet.delegations()).toEqual([])
  })

  test('ends when the caller gives up', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const { wallet, authority } = createTestWallet()
    authority.answer(COLLECT, problem(400, 'authorization_pending'))
    const onPending = (): void => controller.abort(reason)
    await expect(wallet.requestDelegation({ ...ASKED, onPending, signal: controller.signal })).rejects.toBe(
      reason,
    )
    expect(authority.calls.filter(({ route }) => route === COLLECT)).toEqual([])
  })

  test('ends when the caller gives up during a call', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const { wallet } = createTestWallet({
      fetch: async (url, init) => {
        if (url.endsWith('/.well-known/behalf-authority')) return json(200, description())
        expect(init.signal).toBe(controller.signal)
        controller.abort(reason)
        throw new TypeError('aborted')
      },
    })
    await expect(wallet.requestDelegation({ ...ASKED, signal: controller.signal })).rejects.toBe(reason)
  })
})

describe('a delegation that was not asked for is not kept:', () => {
  const refused = async (
    change: (world: TestWallet) => void | Promise<void>,
    asked = ASKED,
  ): Promise<TestWallet & { work: Promise<unknown> }> => {
    const world = createTestWallet()
    await change(world)
    const work = world.wallet.requestDelegation(asked)
    await work.catch(() => undefined)
    expect(ids(world.wallet.delegations())).toEqual([])
    return { ...world, work }
  }

  test.each([
    ['onBehalfOf', { onBehalfOf: { id: 'employee-1', role: 'support' } }],
    ['onBehalfOf', { onBehalfOf: { id: 'employee-4711', role: 'admin' } }],
    ['onBehalfOf', { onBehalfOf: { id: 'employee-4711' } }],
    ['onBehalfOf', { onBehalfOf: { id: 'employee-4711', role: 'support', tenant: 'other' } }],
    ['workflow', { workflow: { id: 'other', run: 'run-7' } }],
    ['workflow', { workflow: { id: 'triage' } }],
    ['purpose', { purpose: 'Delete everything' }],
    ['capabilities', { capabilities: [{ ...READ_ISSUES, paths: ['/**'] }] }],
    ['validUntil', { validUntil: NOW + 301_000 }],
    ['maxUses', { maxUses: 11 }],
    ['maxDelegationDepth', { maxDelegationDepth: 2 }],
  ])('another or wider %s', async (field, terms) => {
    const { work } = await refused(({ authority }) => authority.grant(terms))
    expect((await expectRefusal(work, 'attenuation_violation')).field).toBe(field)
  })

  test('uncounted, when a count was asked for', async () => {
    const root = await issueRoot({
      onBehalfOf: ASKED.onBehalfOf,
      workflow: { id: 'triage', run: 'run-7' },
      validUntil: NOW + 300_000,
    })
    const { work } = await refused(({ authority }) =>
      authority.answer(COLLECT, json(200, { delegation: root, chain: [root] })),
    )
    expect((await expectRefusal(work, 'attenuation_violation')).field).toBe('maxUses')
  })

  test('to be passed on, when that was not asked for', async () => {
    const { maxDelegationDepth: _, ...asked } = ASKED
    const { work } = await refused(({ authority }) => authority.grant({ maxDelegationDepth: 1 }), asked)
    expect((await expectRefusal(work, 'attenuation_violation')).field).toBe('maxDelegationDepth')
  })

  test('longer than the authority says it issues, when no length was asked for', async () => {
    const { validForSeconds: _, ...asked } = ASKED
    const { work } = await refused(({ authority }) => authority.grant({ validUntil: NOW + 3_601_000 }), asked)
    expect((await expectRefusal(work, 'attenuation_violation')).field).toBe('validUntil')
  })

  test('for another agent', async () => {
    const { work } = await refused(({ authority }) => authority.grant({ subject: SUB_AGENT.did }))
    await expectRefusal(work, 'key_mismatch')
  })

  test('by another issuer', async () => {
    const other = createKey(7)
    const { work } = await refused(({ authority }) => authority.grant({ issuer: other.did }, other))
    await expectRefusal(work, 'issuer_untrusted')
  })

  test('signed by a key that is not the issuer it names', async () => {
    const forged = await issueRoot({ issuer: createKey(7).did }, createKey(7))
    const [header = '', payload = ''] = forged.split('.')
    const { work } = await refused(({ authority }) =>
      authority.answer(
        COLLECT,
        json(200, {
          delegation: `${header}.${payload}.${'A'.repeat(86)}`,
          chain: [`${header}.${payload}.${'A'.repeat(86)}`],
        }),
      ),
    )
    await expectRefusal(work, 'credential_signature_invalid')
  })

  test('with its status published elsewhere', async () => {
    const { work } = await refused(({ authority }) =>
      authority.grant({ status: statusEntry('https://elsewhere.test') }),
    )
    await expectRefusal(work, 'status_invalid')
  })

  test('that ended already', async () => {
    const { work } = await refused(({ authority }) =>
      authority.grant({ validFrom: NOW - 10_000, validUntil: NOW }),
    )
    await expectRefusal(work, 'credential_expired')
  })

  test('that is no delegation', async () => {
    const { work } = await refused(({ authority }) =>
      authority.answer(COLLECT, json(200, { delegation: 'x', chain: ['x'] })),
    )
    await expectRefusal(work, 'credential_malformed')
  })

  test('whose chain ends in another', async () => {
    const root = await issueRoot({ maxDelegationDepth: 1 })
    const chain = await issueChild([root], AGENT)
    const { work } = await refused(({ authority }) =>
      authority.answer(COLLECT, json(200, { delegation: root, chain })),
    )
    await expectRefusal(work, 'authority_response_invalid')
  })

  test('from an authority that says it lives elsewhere', async () => {
    const elsewhere = { ...description(), origin: 'https://elsewhere.test' }
    const { work, authority } = await refused((world) =>
      world.authority.answer(DESCRIBE, json(200, elsewhere)),
    )
    await expectRefusal(work, 'authority_response_invalid')
    expect(authority.calls).toHaveLength(1)
  })
})

describe('a narrower delegation than asked', () => {
  test('is kept', async () => {
    const { wallet, authority } = createTestWallet()
    authority.grant({
      capabilities: [{ ...READ_ISSUES, actions: ['GET'] }],
      validUntil: NOW + 60_000,
      maxUses: 1,
      maxDelegationDepth: 0,
    })
    expect((await wallet.requestDelegation(ASKED)).leaf.maxUses).toBe(1)
  })

  test('from an authority whose clock is a little ahead is kept, too', async () => {
    const { wallet, authority } = createTestWallet()
    authority.grant({ validFrom: NOW + 240_000, validUntil: NOW + 500_000 })
    await wallet.requestDelegation(ASKED)
    authority.grant({ validFrom: NOW + 900_000, validUntil: NOW + 950_000 })
    await expectRefusal(wallet.requestDelegation(ASKED), 'credential_not_yet_valid')
  })
})

test('an authority is an origin, over https or on this machine', async () => {
  const { wallet } = createTestWallet()
  for (const authority of ['http://authority.test', `${AUTHORITY}/path`, 'authority.test']) {
    await expect(wallet.requestDelegation({ ...ASKED, authority })).rejects.toThrow(TypeError)
  }
})
