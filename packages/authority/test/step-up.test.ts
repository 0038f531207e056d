import type { PendingApproval, Wallet, WalletRequestInit } from '@behalf/wallet'
import { beforeEach, describe, expect, test } from 'vitest'
import { ASKED, createWorld, type World } from './support/authority-world.ts'
import { API, type createApi as Create, createApi } from './support/believing-api.ts'

// An agent, an API and a real authority over HTTP; the operator stands for the person who decides.
type Decide = (pending: PendingApproval) => Promise<unknown>

let world: World
let api: Awaited<ReturnType<typeof Create>>
let wallet: Wallet

beforeEach(async () => {
  world = await createWorld()
  api = await createApi(world)
  wallet = api.wallet('agent')
  await deciding(approve, (onPending) =>
    wallet.requestDelegation({ ...ASKED, authority: world.origin, onPending }),
  )
})

const approve: Decide = ({ id }) => world.operator.client.approve(id, { version: 1 })
const deny: Decide = ({ id }) => world.operator.client.deny(id, { version: 1, reason: 'Not this' })

/** Lets somebody decide as soon as they are asked, and waits for that, too. */
async function deciding<Result>(
  decide: Decide,
  run: (onPending: (pending: PendingApproval) => void) => Promise<Result>,
): Promise<Result> {
  const decisions: Promise<unknown>[] = []
  try {
    return await run((pending) => void decisions.push(decide(pending)))
  } finally {
    await Promise.all(decisions)
  }
}

function call(path: string, decide: Decide = approve, init: WalletRequestInit = {}): Promise<Response> {
  return deciding(decide, (onPending) =>
    wallet.fetch(`${API}${path}`, { onRefused: 'request', onPending, ...init }),
  )
}

async function waiting(): Promise<number> {
  return (await world.operator.client.listRequests({ status: 'pending' })).length
}

describe('an agent that asks for more when it is refused', () => {
  test('gets exactly that, and goes on', async () => {
    expect((await wallet.fetch(`${API}/admin/users`)).status).toBe(403)
    const response = await call('/admin/users', approve, { method: 'DELETE' })
    expect(response.status).toBe(200)
    const [held] = wallet.delegations()
    expect(held?.leaf.capabilities).toEqual([
      { type: 'http', locations: [API], actions: ['DELETE'], paths: ['/admin/users'] },
    ])
    expect((await wallet.fetch(`${API}/admin/users`)).status).toBe(403)
    expect((await wallet.fetch(`${API}/issues/7`)).status).toBe(200)
  })

  test('is told when the person says no, with their reason', async () => {
    await expect(call('/admin/users', deny)).rejects.toMatchObject({
      code: 'access_denied',
      reason: 'Not this',
    })
    expect(wallet.delegations()).toHaveLength(1)
  })

  test('stops waiting at its deadline, and finds what was decided later', async () => {
    const asked: PendingApproval[] = []
    const ignore: Decide = async (pending) => asked.push(pending)
    const given = call('/admin/users', ignore, { maxWaitSeconds: 10 })
    await expect(given).rejects.toMatchObject({ code: 'authorization_pending' })
    const [pending] = asked
    if (pending === undefined) throw new Error('nobody was asked')
    await approve(pending)
    // Asking again is asking the same, and it is decided by now.
    await wallet.collectDelegation({ authority: world.origin, id: pending.id })
    expect((await wallet.fetch(`${API}/admin/users`)).status).toBe(200)
  })

  test('asks nobody twice for two calls of the same kind', async () => {
    const asked: string[] = []
    const note: Decide = async ({ id }) => asked.push(id)
    await expect(call('/admin/users', note, { maxWaitSeconds: 1 })).rejects.toThrow()
    const noteAndApprove: Decide = (pending) => Promise.all([note(pending), approve(pending)])
    expect((await call('/admin/users', noteAndApprove)).status).toBe(200)
    expect(new Set(asked).size).toBe(1)
    expect(await waiting()).toBe(0)
  })

  test('does not ask for a delegation that was revoked', async () => {
    const [held] = wallet.delegations()
    await wallet.revoke(held?.id ?? '')
    await api.source.poll()
    const response = await call('/issues/7')
    expect([response.status, await response.json()]).toMatchObject([401, { code: 'credential_revoked' }])
    expect(await waiting()).toBe(0)
  })
})

describe('an agent whose delegation ends', () => {
  test('renews it before that, on the same terms', async () => {
    world.clock.advance(500)
    const [old] = wallet.delegations()
    if (old === undefined) throw new Error('nothing is held')
    const renewed = await deciding(approve, (onPending) => wallet.renew(old, { onPending }))
    expect(renewed.leaf.capabilities).toEqual(old.leaf.capabilities)
    expect(renewed.leaf.validUntil - renewed.leaf.validFrom).toBe(old.leaf.validUntil - old.leaf.validFrom)
    expect(renewed.leaf.validUntil).toBeGreaterThan(old.leaf.validUntil)
  })

  test('asks again after that, when it calls', async () => {
    world.clock.advance(600)
    await world.beat()
    await api.source.poll()
    await expect(wallet.fetch(`${API}/issues/7`)).rejects.toMatchObject({ code: 'credential_missing' })
    expect((await call('/issues/7')).status).toBe(200)
  })
})
