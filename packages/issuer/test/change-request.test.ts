import { describe, expect, test } from 'vitest'
import type { ChangeRequestOptions, DelegationRequest } from '../src/index.ts'
import {
  ALICE,
  createParty,
  createPolicy,
  createWorld,
  READ_ONE,
  type World,
} from './support/issuer-world.ts'
import { answer, approveAs, createPerson } from './support/person.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })
const alice = createPerson()

function change(
  world: World,
  request: DelegationRequest,
  changes: Partial<ChangeRequestOptions> = {},
): Promise<DelegationRequest> {
  return world.issuer.changeRequest({
    id: request.id,
    version: request.version,
    agent: world.agent.did,
    onBehalfOf: ALICE,
    capabilities: READ_ONE,
    purpose: 'One of them is enough',
    ...changes,
  })
}

describe('a request that its agent changes', () => {
  test('asks for something else under the next version, until its old end', async () => {
    const world = await createWorld()
    const asked = await world.ask()
    world.advance(60)
    const changed = await change(world, asked)
    expect(changed).toMatchObject({
      id: asked.id,
      version: 2,
      terms: { purpose: 'One of them is enough' },
      requestedAt: asked.requestedAt,
      expiresAt: asked.expiresAt,
    })
    expect([...world.store.state().requests.values()]).toEqual([changed])
  })

  test('is on record with its version', async () => {
    const world = await createWorld()
    await change(world, await world.ask())
    const events = await world.issuer.listEvents()
    const versions = events.filter(({ type }) => type === 'requested').map(({ data }) => data['version'])
    expect(versions).toEqual([1, 2])
  })

  test('makes what a person began with it a mismatch', async () => {
    const world = await createWorld()
    const { id, version, ...rest } = await world.ask()
    const prepared = await world.issuer.prepareApproval({
      person: alice.approver,
      requests: [{ id, version }],
    })
    await change(world, { id, version, ...rest })
    const assertion = await answer(alice, prepared)
    const late = world.issuer.completeApproval({ draft: prepared.id, person: alice.approver, assertion })
    await expect(late).rejects.toEqual(refused('approval_mismatch'))
  })

  test('loses its first approval of two', async () => {
    const policy = createPolicy('two', 'permit (principal, action == Action::"ask-two", resource);')
    const world = await createWorld({ policy })
    const [half] = await approveAs(world, alice, [await world.ask()])
    if (half === undefined) throw new Error('There is no request')
    const changed = await change(world, half)
    expect(changed.approvals).toEqual([])
    expect(changed).not.toHaveProperty('half')
    expect(world.store.state().drafts.size).toBe(0)
  })

  test('is refused at once when the policy says so', async () => {
    const world = await createWorld({
      policy: createPolicy(
        'some',
        `permit (principal, action == Action::"ask-one", resource);
        forbid (principal, action, resource) when { context.seconds > 600 };`,
      ),
    })
    const changed = change(world, await world.ask(), { validForSeconds: 601 })
    await expect(changed).resolves.toMatchObject({ status: 'refused', version: 2 })
  })

  test('is that of its agent', async () => {
    const world = await createWorld()
    const foreign = change(world, await world.ask(), { agent: createParty('other').did })
    await expect(foreign).rejects.toEqual(refused('not_found'))
  })

  test('stays that of its principal', async () => {
    const world = await createWorld()
    const moved = change(world, await world.ask(), { onBehalfOf: { id: 'bob' } })
    await expect(moved).rejects.toEqual(refused('input_invalid', 'on_behalf_of.id'))
  })

  test('names the version it replaces', async () => {
    const world = await createWorld()
    const asked = await world.ask()
    await change(world, asked)
    await expect(change(world, asked)).rejects.toEqual(refused('approval_mismatch'))
  })

  test('is not decided yet', async () => {
    const world = await createWorld()
    const asked = await world.ask()
    await world.issuer.deny({ id: asked.id, version: 1, person: alice.approver })
    await expect(change(world, asked)).rejects.toEqual(refused('approval_consumed'))
  })

  test('is not changed for ever', async () => {
    const world = await createWorld()
    let request = await world.ask()
    while (request.version < 20) request = await change(world, request)
    await expect(change(world, request)).rejects.toEqual(refused('rate_limited'))
  })

  test('is not that of a revoked key', async () => {
    const world = await createWorld()
    const asked = await world.ask()
    await world.issuer.revokeKey({ agent: world.agent.did, operator: world.operator.did })
    await expect(change(world, asked)).rejects.toEqual(refused('key_revoked'))
  })
})
