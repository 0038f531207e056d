import { beforeEach, describe, expect, test } from 'vitest'
import type { WalletRequestInit } from '../src/index.ts'
import { expectRefusal } from './support/expect-refusal.ts'
import { json, problem, REQUEST_ID, receipt } from './support/fake-authority.ts'
import { createTestWallet, ids, type TestWallet } from './support/test-wallet.ts'
import { AGENT, API, issueChild, issueRoot, NOW, READ_ISSUES, SUB_AGENT } from './support/world.ts'

const COLLECT = `POST /delegation-requests/${REQUEST_ID}/collect`
const OTHER = 'https://other.test'

let world: TestWallet

beforeEach(() => {
  world = createTestWallet()
})

function refusal(code: string, requiredScope?: string, status = 403): Response {
  const body = { code, status, ...(requiredScope !== undefined && { required_scope: requiredScope }) }
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/problem+json' },
  })
}

function questions(): readonly unknown[] {
  return world.authority.calls
    .filter(({ route }) => route === 'POST /delegation-requests')
    .map((call) => call.json)
}

/** A call that asks when it is refused, and the ids that somebody was told to decide about. */
async function call(
  path: string,
  init: WalletRequestInit = {},
): Promise<{ readonly response: Response; readonly pending: readonly string[] }> {
  const pending: string[] = []
  const onPending: WalletRequestInit['onPending'] = ({ id, approvalUrl }) => {
    expect(approvalUrl).toContain('/approve/')
    pending.push(id)
  }
  const response = await world.wallet.fetch(`${API}${path}`, { onRefused: 'request', onPending, ...init })
  return { response, pending }
}

describe('a call that is refused for its scope', () => {
  beforeEach(async () => {
    await world.wallet.receive([
      await issueRoot({ workflow: { id: 'triage', run: '7' }, maxUses: 5, maxDelegationDepth: 2 }),
    ])
  })

  test.each([
    ['scope_exceeded', 'DELETE https://api.test/admin/7'],
    ['scope_exceeded', undefined],
    ['audience_mismatch', undefined],
  ])('%s, naming %s, asks for exactly this method and path, and goes on', async (code, named) => {
    world.api.answerNext(refusal(code, named))
    const { response, pending } = await call('/admin/7?force=1', { method: 'DELETE', body: 'text' })
    expect(response.status).toBe(200)
    expect(pending).toEqual([REQUEST_ID])
    expect(questions()).toEqual([
      {
        on_behalf_of: { id: 'employee-4711' },
        capabilities: [{ type: 'http', locations: [API], actions: ['DELETE'], paths: ['/admin/7'] }],
        valid_for_seconds: 600,
        max_uses: 5,
        max_delegation_depth: 0,
        purpose: 'Summarise open issues',
        workflow: { id: 'triage', run: '7' },
      },
    ])
    const [first, second] = world.api.sent
    expect(world.api.sent).toHaveLength(2)
    expect([second?.method, second?.url, second?.body]).toEqual([first?.method, first?.url, first?.body])
    const nonces = world.api.sent.map(
      ({ headers }) => /nonce="([^"]+)"/.exec(headers.get('signature-input') ?? '')?.[1],
    )
    expect(new Set(nonces).size).toBe(2)
    expect(world.api.lastProof().chain).toEqual(world.wallet.delegations()[0]?.chain)
    expect(world.wallet.delegations()).toHaveLength(2)
  })

  test('is never asked about by default', async () => {
    world.api.answerNext(refusal('scope_exceeded', `GET ${API}/admin`))
    const response = await world.wallet.fetch(`${API}/admin`)
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ code: 'scope_exceeded' })
    expect(world.authority.calls).toEqual([])
  })

  test('is asked about once: the second refusal is returned, readable', async () => {
    world.api.answerNext(refusal('scope_exceeded'))
    world.api.answerNext(refusal('scope_exceeded'))
    const { response } = await call('/admin')
    expect(await response.json()).toMatchObject({ code: 'scope_exceeded' })
    expect([questions().length, world.api.sent.length]).toEqual([1, 2])
  })

  test.each([
    ['another origin', `GET ${OTHER}/admin`],
    ['another path', `GET ${API}/everything`],
    ['a pattern', `GET ${API}/**`],
    ['another method', `DELETE ${API}/admin`],
    ['nothing that reads', '*'],
  ])('is not asked about when the refusal names %s', async (_name, named) => {
    world.api.answerNext(refusal('scope_exceeded', named))
    const { response } = await call('/admin')
    expect(await response.json()).toMatchObject({ required_scope: named })
    expect(world.authority.calls).toEqual([])
  })

  test.each(['/a/*', '/a/**', '/a/%20b'])(
    'is not asked about when no pattern names %s alone',
    async (path) => {
      world.api.answerNext(refusal('scope_exceeded'))
      const { response } = await call(path)
      expect(response.status).toBe(403)
      expect(world.authority.calls).toEqual([])
    },
  )

  test.each([
    ['policy_denied', 403],
    ['budget_exceeded', 403],
    ['credential_revoked', 401],
    ['scope_exceeded', 404],
    ['scope_exceeded', 200],
  ])('is not asked about for %s with status %i', async (code, status) => {
    world.api.answerNext(refusal(code, undefined, status))
    const { response } = await call('/admin')
    expect(response.status).toBe(status)
    expect(world.authority.calls).toEqual([])
  })

  test('is not asked about when the refusal is no problem document', async () => {
    world.api.answerNext(new Response('{"code":"scope_exceeded"}', { status: 403 }))
    const { response } = await call('/admin')
    expect(await response.text()).toContain('scope_exceeded')
    expect(world.authority.calls).toEqual([])
  })

  test('is not asked about when another agent handed the delegation on', async () => {
    const wallet = createTestWallet({ seed: SUB_AGENT.seed })
    const [root] = [await issueRoot()]
    await wallet.wallet.receive(await issueChild([root], AGENT))
    wallet.api.answerNext(refusal('scope_exceeded'))
    const response = await wallet.wallet.fetch(`${API}/admin`, { onRefused: 'request' })
    expect(response.status).toBe(403)
    expect(wallet.authority.calls).toEqual([])
  })
})

describe('waiting for the person', () => {
  beforeEach(async () => {
    await world.wallet.receive([await issueRoot()])
    world.api.answerNext(refusal('scope_exceeded'))
  })

  test('takes as long as they do', async () => {
    world.authority.answer(
      COLLECT,
      problem(400, 'authorization_pending'),
      problem(400, 'authorization_pending'),
    )
    const { response } = await call('/admin')
    expect(response.status).toBe(200)
    expect(world.waits).toEqual([5, 5, 5])
  })

  test('ends with their no, which is told', async () => {
    world.authority.answer(COLLECT, problem(403, 'access_denied'))
    await expectRefusal(call('/admin'), 'access_denied')
    expect(world.api.sent).toHaveLength(1)
  })

  test('ends with the refusal of the policy', async () => {
    world.authority.answer('POST /delegation-requests', json(201, receipt({ status: 'refused' })))
    await expectRefusal(call('/admin'), 'access_denied')
  })

  test('ends at the deadline, and the request stays', async () => {
    world.authority.answer(COLLECT, ...Array.from({ length: 9 }, () => problem(400, 'authorization_pending')))
    await expectRefusal(call('/admin', { maxWaitSeconds: 12 }), 'authorization_pending')
    expect(world.waits).toEqual([5, 5, 2])
    expect(world.clock()).toBe(NOW + 12_000)
    const later = await world.wallet.fetch(`${API}/issues/7`)
    expect(later.status).toBe(200)
  })

  test('ends when the caller calls it off', async () => {
    const controller = new AbortController()
    const pending = call('/admin', { signal: controller.signal, onPending: () => controller.abort() })
    await expect(pending).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }))
    expect(world.api.sent).toHaveLength(1)
  })

  test('is not begun when the authority says no', async () => {
    world.authority.answer('POST /delegation-requests', problem(429, 'rate_limited', { 'retry-after': '60' }))
    await expectRefusal(call('/admin'), 'rate_limited')
  })

  test('keeps nothing that was not asked for', async () => {
    world.authority.grant({ capabilities: [{ ...READ_ISSUES, paths: ['/**'] }] })
    await expectRefusal(call('/admin'), 'attenuation_violation')
    expect(world.wallet.delegations()).toHaveLength(1)
  })
})

describe('a call whose delegation has ended', () => {
  const capabilities = [
    { ...READ_ISSUES, locations: [OTHER] },
    { ...READ_ISSUES, locations: [OTHER, API] },
  ]

  test('asks again for its terms, as far as they name this API, before anything is sent', async () => {
    await world.wallet.receive([await issueRoot({ capabilities, validUntil: NOW + 60_000 })])
    world.clock.advance(60)
    world.authority.grant({ validFrom: world.clock(), validUntil: world.clock() + 60_000 })
    const { response, pending } = await call('/issues/7', {})
    expect([response.status, pending]).toEqual([200, [REQUEST_ID]])
    expect(questions()).toMatchObject([
      {
        capabilities: [{ ...READ_ISSUES, locations: [API] }],
        valid_for_seconds: 60,
        max_delegation_depth: 1,
      },
    ])
    expect(world.api.sent).toHaveLength(1)
  })

  test('asks again when it is named and the API says so, too', async () => {
    const [root] = [await issueRoot()]
    const { id } = await world.wallet.receive([root])
    world.clock.advance(600)
    world.authority.grant({ validFrom: world.clock(), validUntil: world.clock() + 600_000 })
    world.api.answerNext(refusal('credential_expired', undefined, 401))
    const { response } = await call('/issues/7', { delegation: id })
    expect(response.status).toBe(200)
    expect(questions()).toHaveLength(1)
  })

  test('is not asked about on the word of the API alone', async () => {
    await world.wallet.receive([await issueRoot()])
    world.api.answerNext(refusal('credential_expired', undefined, 401))
    const { response } = await call('/issues/7')
    expect(response.status).toBe(401)
    expect(world.authority.calls).toEqual([])
  })

  test('is credential_missing by default, for another API, and when it was handed on', async () => {
    await world.wallet.receive([await issueRoot()])
    world.clock.advance(600)
    await expectRefusal(world.wallet.fetch(`${API}/issues/7`), 'credential_missing')
    await expectRefusal(
      world.wallet.fetch(`${OTHER}/issues/7`, { onRefused: 'request' }),
      'credential_missing',
    )
    const other = createTestWallet({ seed: SUB_AGENT.seed })
    await other.wallet.receive(await issueChild([await issueRoot()], AGENT))
    other.clock.advance(600)
    await expectRefusal(other.wallet.fetch(`${API}/issues/7`, { onRefused: 'request' }), 'credential_missing')
    expect([...world.authority.calls, ...other.authority.calls]).toEqual([])
  })
})

describe('renewing', () => {
  test('asks for the same terms and keeps both', async () => {
    const terms = { maxUses: 3, maxDelegationDepth: 2, workflow: { id: 'triage' } }
    const old = await world.wallet.receive([await issueRoot(terms)])
    const pending: string[] = []
    const renewed = await world.wallet.renew(old, { onPending: ({ id }) => void pending.push(id) })
    expect(pending).toEqual([REQUEST_ID])
    expect(questions()).toEqual([
      {
        on_behalf_of: { id: 'employee-4711' },
        capabilities: [READ_ISSUES],
        valid_for_seconds: 600,
        max_uses: 3,
        max_delegation_depth: 2,
        purpose: 'Summarise open issues',
        workflow: { id: 'triage' },
      },
    ])
    expect(ids(world.wallet.delegations())).toEqual([renewed.id, old.id])
  })

  test('takes an id', async () => {
    const { id } = await world.wallet.receive([await issueRoot()])
    await expect(world.wallet.renew(id)).resolves.toMatchObject({ leaf: { capabilities: [READ_ISSUES] } })
  })

  test('waits no longer than it is told', async () => {
    const { id } = await world.wallet.receive([await issueRoot()])
    world.authority.answer(COLLECT, problem(400, 'authorization_pending'))
    await expectRefusal(world.wallet.renew(id, { maxWaitSeconds: 3 }), 'authorization_pending')
    expect(world.waits).toEqual([3])
  })

  test('is refused for what is not held, and for what another agent handed on', async () => {
    await expectRefusal(world.wallet.renew('urn:uuid:none'), 'credential_missing')
    const other = createTestWallet({ seed: SUB_AGENT.seed })
    const child = await other.wallet.receive(await issueChild([await issueRoot()], AGENT))
    await expectRefusal(other.wallet.renew(child), 'delegation_not_permitted')
    expect([...world.authority.calls, ...other.authority.calls]).toEqual([])
  })
})
