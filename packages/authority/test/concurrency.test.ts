import { parseDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  APPROVE_ENROLLED,
  ASKED,
  createWorld,
  READ_ISSUES,
  type World,
} from './support/authority-world.ts'

async function createEnrolledWorld(): Promise<World> {
  const world = await createWorld({ policy: APPROVE_ENROLLED })
  await world.operator.client.enrol({
    agent: world.agent.did,
    onBehalfOf: ALICE,
    capabilities: READ_ISSUES,
    maxSeconds: 600,
    maxDelegationDepth: 1,
  })
  return world
}

describe('many at once', () => {
  test('get a place in the status list each', async () => {
    const world = await createEnrolledWorld()
    const workers = Array.from({ length: 40 }, async () => {
      const { id } = await world.agent.client.createRequest(ASKED)
      return parseDelegation((await world.agent.client.collect(id)).delegation).status.statusListIndex
    })
    expect(new Set(await Promise.all(workers)).size).toBe(40)
    const events = await world.operator.client.listEvents()
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
  })

  test('revoking a parent and registering below it leave no child behind that was registered afterwards', async () => {
    const world = await createEnrolledWorld()
    for (let round = 0; round < 10; round += 1) {
      const held = await world.agent.wallet.requestDelegation({
        ...ASKED,
        authority: world.origin,
        maxDelegationDepth: 1,
      })
      const register = (name: string): Promise<unknown> =>
        world.agent.wallet.delegate({ to: world.party(`${name} ${round}`).did, parent: held.id })
      const revoked = world.operator.client.revoke({ delegation: held.id })
      const racing = register('racing').catch((error: unknown) => error)
      await revoked
      await expect(register('late')).rejects.toThrow(expect.objectContaining({ code: 'credential_revoked' }))
      expect([undefined, 'credential_revoked']).toContain(codeOf(await racing))
      const published = await world.published()
      expect(published.isRevoked(held.leaf.status.statusListIndex)).toBe(true)
    }
  })

  test('of which one revokes the key: nothing is issued to it after the answer', async () => {
    const world = await createEnrolledWorld()
    const asking = Array.from({ length: 10 }, () =>
      world.agent.client.createRequest(ASKED).then(
        ({ status }) => status,
        ({ code }: { code: string }) => code,
      ),
    )
    await world.operator.client.revoke({ agent: world.agent.did })
    const before = (await world.operator.client.listDelegations()).length
    const outcomes = await Promise.all(asking)
    expect(new Set([...outcomes, 'approved', 'key_revoked'])).toEqual(new Set(['approved', 'key_revoked']))
    expect(outcomes.filter((outcome) => outcome === 'approved').length).toBe(before)
    await expect(world.operator.client.listDelegations()).resolves.toHaveLength(before)
  })
})

function codeOf(outcome: unknown): unknown {
  return outcome instanceof Error && 'code' in outcome ? outcome.code : undefined
}
