import { copyFileSync } from 'node:fs'
import { createStatusSource, type StatusMark } from '@behalf/verifier'
import type { HeldDelegation, Wallet } from '@behalf/wallet'
import { describe, expect, test } from 'vitest'
import { ASKED, createWorld, type World, whenDone } from './support/authority-world.ts'
import { API, createApi } from './support/believing-api.ts'

async function obtain(world: World, wallet: Wallet): Promise<HeldDelegation> {
  const decisions: Promise<unknown>[] = []
  const held = await wallet.requestDelegation({
    ...ASKED,
    authority: world.origin,
    maxDelegationDepth: 1,
    onPending: ({ id }) => void decisions.push(world.operator.client.approve(id, { version: 1 })),
  })
  await Promise.all(decisions)
  return held
}

async function outcome(wallet: Wallet, path = '/issues/7'): Promise<string> {
  const response = await wallet.fetch(`${API}${path}`)
  const body: unknown = await response.json()
  if (typeof body !== 'object' || body === null) throw new Error('no object was answered')
  return 'code' in body ? String(body.code) : `ok ${response.status}`
}

describe('an API that trusts this authority', () => {
  test('accepts what was issued and delegated on, and no more', async () => {
    const world = await createWorld()
    const api = await createApi(world)
    const [agent, sub] = [api.wallet('agent'), api.wallet('sub-agent')]
    await obtain(world, agent)
    await sub.receive(await agent.delegate({ to: sub.did }))
    await api.source.poll()
    expect([await outcome(agent), await outcome(sub)]).toEqual(['ok 200', 'ok 200'])
    expect(await outcome(agent, '/admin')).toBe('scope_exceeded')
    expect(await outcome(sub, '/admin')).toBe('scope_exceeded')
  })

  test('refuses a revoked delegation and everything below it, at the next poll', async () => {
    const world = await createWorld()
    const api = await createApi(world)
    const [agent, sub] = [api.wallet('agent'), api.wallet('sub-agent')]
    const held = await obtain(world, agent)
    await sub.receive(await agent.delegate({ to: sub.did }))
    await api.source.poll()
    await world.operator.client.revoke({ delegation: held.id })
    await api.source.poll()
    expect([await outcome(agent), await outcome(sub)]).toEqual(['credential_revoked', 'credential_revoked'])
  })

  test('refuses a revoked child, and not what is above it', async () => {
    const world = await createWorld()
    const api = await createApi(world)
    const [agent, sub] = [api.wallet('agent'), api.wallet('sub-agent')]
    await obtain(world, agent)
    const child = await sub.receive(await agent.delegate({ to: sub.did }))
    await agent.revoke(child.id)
    await api.source.poll()
    expect([await outcome(agent), await outcome(sub)]).toEqual(['ok 200', 'credential_revoked'])
  })

  test('refuses a revoked key, and every chain through it', async () => {
    const world = await createWorld()
    const api = await createApi(world)
    const [agent, sub] = [api.wallet('agent'), api.wallet('sub-agent')]
    await obtain(world, agent)
    await sub.receive(await agent.delegate({ to: sub.did }))
    await world.operator.client.revoke({ agent: agent.did })
    await api.source.poll()
    expect([await outcome(agent), await outcome(sub)]).toEqual(['key_revoked', 'key_revoked'])
  })

  test('refuses everything when the heart stops, and goes on when it beats again', async () => {
    const world = await createWorld()
    const api = await createApi(world)
    const agent = api.wallet('agent')
    await obtain(world, agent)
    world.clock.advance(31)
    await api.source.poll()
    expect(await outcome(agent)).toBe('status_stale')
    await world.beat()
    await api.source.poll()
    expect(await outcome(agent)).toBe('ok 200')
  })

  test('goes on over a restart of the authority, and still knows what was revoked', async () => {
    const world = await createWorld()
    const api = await createApi(world)
    const [agent, other] = [api.wallet('agent'), api.wallet('other')]
    const held = await obtain(world, agent)
    await obtain(world, other)
    await world.operator.client.revoke({ delegation: held.id })
    await world.restart()
    await api.source.poll()
    expect([await outcome(agent), await outcome(other)]).toEqual(['credential_revoked', 'ok 200'])
  })

  test('is not fooled by a backup that does not know of a revocation yet', async () => {
    const world = await createWorld()
    const marks = new Map<string, StatusMark>()
    const api = await createApi(world, marks)
    const agent = api.wallet('agent')
    const held = await obtain(world, agent)
    await world.authority.close()
    copyFileSync(world.databasePath, `${world.databasePath}.backup`)
    const second = await world.restart()
    await second.operator.client.revoke({ delegation: held.id })
    await second.beat()
    await api.source.poll()
    expect(await outcome(agent)).toBe('credential_revoked')
    await second.authority.close()
    copyFileSync(`${world.databasePath}.backup`, world.databasePath)
    const restored = await second.restart()
    restored.clock.advance(31)
    await restored.beat()
    await api.source.poll()
    // It says less than was known: the API believes nothing of it, not even after a restart of its own.
    expect(['status_rollback', 'status_stale', 'credential_revoked']).toContain(await outcome(agent))
    const after = createStatusSource({
      issuers: [{ did: world.authority.issuerDid, url: `${world.origin}/status/heartbeat` }],
      clock: world.clock,
      setTimer: () => () => {},
      reportFault: () => {},
      state: { load: (issuer) => marks.get(issuer), save: () => {} },
    })
    whenDone(() => after.close())
    await after.poll()
    expect(() => after.read(world.authority.issuerDid)).toThrow(
      expect.objectContaining({ code: 'status_rollback' }),
    )
  })
})
