import type { JsonValue } from '@behalf/core'
import { parseDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import type { Narrowing } from '../src/index.ts'
import {
  createParty,
  createPolicy,
  createWorld,
  idOf,
  ORIGIN,
  READ_ALL,
  READ_ISSUES,
  READ_ONE,
  START,
  type World,
} from './support/issuer-world.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })

async function approveAs(world: World, narrow?: Narrowing): Promise<ReturnType<typeof parseDelegation>> {
  const { id, version } = await world.ask({ maxDelegationDepth: 2 })
  await world.issuer.approve({ id, version, operator: world.operator.did, ...(narrow && { narrow }) })
  const { delegation } = await world.issuer.collect({ id, agent: world.agent.did })
  return parseDelegation(delegation)
}

describe('an approval', () => {
  test('issues what was asked for, signed by the issuer', async () => {
    const world = await createWorld()
    const delegation = await approveAs(world)
    expect(delegation).toMatchObject({
      issuer: world.authority.did,
      kid: world.authority.kid,
      subject: world.agent.did,
      onBehalfOf: { id: 'acct-42', tenant: 'acme' },
      maxDelegationDepth: 2,
      purpose: 'Sum up the open issues',
      policy: { id: 'ask', decision: 'ask-one', digest: expect.stringMatching(/^sha-256:/u) },
      approval: { method: 'operator' },
      validFrom: START,
      validUntil: START + 600_000,
      issuedAt: START,
    })
    expect(delegation.status).toMatchObject({
      statusPurpose: 'revocation',
      statusListCredential: `${ORIGIN}/status/lists/1`,
    })
  })

  test('counts the validity from the approval, not from the question', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask({ validForSeconds: 60 })
    world.advance(600.7)
    await world.issuer.approve({ id, version, operator: world.operator.did })
    const { delegation } = await world.issuer.collect({ id, agent: world.agent.did })
    expect(parseDelegation(delegation)).toMatchObject({
      validFrom: START + 600_000,
      validUntil: START + 660_000,
    })
  })

  test('carries nothing that the agent calls itself', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask({ agentName: 'Nameful Nancy' })
    await world.issuer.approve({ id, version, operator: world.operator.did })
    const { delegation } = await world.issuer.collect({ id, agent: world.agent.did })
    expect(Buffer.from(delegation.split('.')[1] ?? '', 'base64url').toString()).not.toContain('Nancy')
  })

  test('may narrow everything that has a size', async () => {
    const world = await createWorld()
    const delegation = await approveAs(world, {
      capabilities: READ_ONE,
      validForSeconds: 60,
      maxUses: 3,
      maxDelegationDepth: 1,
    })
    expect(delegation).toMatchObject({
      capabilities: READ_ONE,
      maxUses: 3,
      maxDelegationDepth: 1,
      validUntil: START + 60_000,
    })
  })

  test.each<[string, Narrowing, string]>([
    ['wider capabilities', { capabilities: READ_ALL }, 'narrow.capabilities'],
    ['no capabilities', { capabilities: [] }, 'narrow.capabilities'],
    ['more seconds', { validForSeconds: 601 }, 'narrow.valid_for_seconds'],
    ['no seconds', { validForSeconds: 0 }, 'narrow.valid_for_seconds'],
    ['no uses', { maxUses: 0 }, 'narrow.max_uses'],
    ['more depth', { maxDelegationDepth: 3 }, 'narrow.max_delegation_depth'],
    ['a negative depth', { maxDelegationDepth: -1 }, 'narrow.max_delegation_depth'],
  ])('is refused with %s, and the request still waits', async (_name, narrow, field) => {
    const world = await createWorld()
    await expect(approveAs(world, narrow)).rejects.toThrow(refused('input_invalid', field))
    const [request] = world.store.state().requests.values()
    expect(request?.status).toBe('pending')
  })

  test('may not raise the number of uses', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask({ maxUses: 5 })
    const approval = world.issuer.approve({
      id,
      version,
      operator: world.operator.did,
      narrow: { maxUses: 6 },
    })
    await expect(approval).rejects.toThrow(refused('input_invalid', 'narrow.max_uses'))
  })

  test('narrows only what is understood', async () => {
    const world = await createWorld()
    const unknown: JsonValue = [{ type: 'smtp' }]
    await expect(approveAs(world, { capabilities: unknown })).rejects.toThrow(refused('policy_unknown'))
  })

  test.each(['approve', 'deny'] as const)('%s: a request that does not exist', async (decide) => {
    const world = await createWorld()
    const id = 'urn:uuid:00000000-0000-4000-8000-000000000000'
    const decision = world.issuer[decide]({ id, version: 1, operator: world.operator.did })
    await expect(decision).rejects.toThrow(refused('not_found'))
  })

  test.each(['approve', 'deny'] as const)(
    '%s: another version than the one that was read',
    async (decide) => {
      const world = await createWorld()
      const { id } = await world.ask()
      const decision = world.issuer[decide]({ id, version: 2, operator: world.operator.did })
      await expect(decision).rejects.toThrow(refused('approval_mismatch'))
    },
  )

  test.each(['approve', 'deny'] as const)('%s: too late', async (decide) => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    world.advance(900)
    const decision = world.issuer[decide]({ id, version, operator: world.operator.did })
    await expect(decision).rejects.toThrow(refused('approval_expired'))
  })

  test.each(['approve', 'deny'] as const)('%s: decided already, either way', async (decide) => {
    for (const before of ['approve', 'deny'] as const) {
      const world = await createWorld()
      const { id, version } = await world.ask()
      const operator = world.operator.did
      await world.issuer[before]({ id, version, operator })
      await expect(world.issuer[decide]({ id, version, operator })).rejects.toThrow(
        refused('approval_consumed'),
      )
    }
  })

  test('of two at once only one counts', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    const both = await Promise.allSettled([
      world.issuer.approve({ id, version, operator: world.operator.did }),
      world.issuer.approve({ id, version, operator: createParty('second operator').did }),
    ])
    expect(both.map((result) => result.status).toSorted()).toEqual(['fulfilled', 'rejected'])
    expect(world.store.state().delegations.size).toBe(1)
  })

  test('is refused for an agent or an operator whose key was revoked meanwhile', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    const second = createParty('second operator')
    await world.issuer.revokeKey({ agent: second.did, operator: world.operator.did })
    const bySecond = world.issuer.approve({ id, version, operator: second.did })
    await expect(bySecond).rejects.toThrow(refused('key_revoked'))
    await expect(world.issuer.deny({ id, version, operator: second.did })).rejects.toThrow(
      refused('key_revoked'),
    )
    await world.issuer.revokeKey({ agent: world.agent.did, operator: world.operator.did })
    const forRevoked = world.issuer.approve({ id, version, operator: world.operator.did })
    await expect(forRevoked).rejects.toThrow(refused('key_revoked'))
    expect(world.store.state().delegations.size).toBe(0)
  })

  test('is refused when the policy refuses by now, and carries the policy of its own time', async () => {
    const world = await createWorld()
    const [first, second] = [await world.ask(), await world.ask({ capabilities: READ_ISSUES })]
    const refusing = world.restart({
      policy: createPolicy(
        'stricter',
        'forbid (principal, action, resource) when { resource.action == "GET" };',
      ),
    })
    const approval = refusing.approve({ id: first.id, version: 1, operator: world.operator.did })
    await expect(approval).rejects.toThrow(refused('access_denied'))
    const asking = world.restart({
      policy: createPolicy('other', 'permit (principal, action, resource);'),
    })
    await asking.approve({ id: second.id, version: 1, operator: world.operator.did })
    const { delegation } = await asking.collect({ id: second.id, agent: world.agent.did })
    expect(parseDelegation(delegation).policy).toMatchObject({ id: 'other', decision: 'ask-one' })
  })

  test('is not enough for what takes two people', async () => {
    const policy = createPolicy(
      'two',
      `permit (principal, action == Action::"ask-two", resource);
      permit (principal, action == Action::"ask-one", resource) when { context.seconds <= 60 };`,
    )
    const world = await createWorld({ policy })
    const { id, version, policy: asked } = await world.ask()
    expect(asked.decision).toBe('ask-two')
    const { did: operator } = world.operator
    const alone = world.issuer.approve({ id, version, operator })
    await expect(alone).rejects.toThrow(refused('forbidden'))
    const narrow = { validForSeconds: 60 }
    await expect(world.issuer.approve({ id, version, operator, narrow })).resolves.toMatchObject({
      status: 'approved',
    })
  })

  test('gives each delegation its own place in the list', async () => {
    const world = await createWorld({ limits: { questionsPerAgent: 1000 } })
    const delegations = []
    for (let count = 0; count < 50; count += 1) delegations.push(await world.obtain())
    const indices = delegations.map(({ delegation }) => parseDelegation(delegation).status.statusListIndex)
    expect(new Set(indices).size).toBe(50)
    expect(new Set(delegations.map(({ delegation }) => idOf(delegation))).size).toBe(50)
  })
})

describe('a denial', () => {
  test('is final, on record, with its reason', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    const operator = world.operator.did
    const denied = await world.issuer.deny({ id, version, operator, reason: 'Ask the owner' })
    expect(denied).toMatchObject({ status: 'refused', decidedBy: operator, reason: 'Ask the owner' })
    expect(world.store.state().events.at(-1)).toMatchObject({
      type: 'denied',
      time: START,
      data: { request: id, by: operator, reason: 'Ask the owner' },
    })
    await expect(world.issuer.collect({ id, agent: world.agent.did })).rejects.toThrow(
      refused('access_denied'),
    )
  })

  test('takes no reason that hides something', async () => {
    const world = await createWorld()
    const { id, version } = await world.ask()
    const denial = world.issuer.deny({
      id,
      version,
      operator: world.operator.did,
      reason: 'a\n\nevent: status',
    })
    await expect(denial).rejects.toThrow(refused('input_invalid', 'reason'))
  })
})
