import type { Did } from '@behalf/did'
import { describe, expect, test } from 'vitest'
import {
  ALICE,
  APPROVE_ENROLLED,
  ASKED,
  createWorld,
  READ_ISSUES,
  type World,
} from './support/authority-world.ts'
import { exchangeOf, nonceOf, obtain, post, proofFor } from './support/exchange-calls.ts'

test('a clock that steps is not believed, until it has run on for a minute', async () => {
  let passed = 0
  const { operator, clock } = await createWorld({ monotonicClock: () => passed })
  const list = async (): Promise<unknown> => {
    const { status, code } = await operator.send({ path: '/delegation-requests' })
    return code ?? status
  }
  expect(await list()).toBe(200)
  clock.advance(3600)
  expect(await list()).toBe('clock_unsynchronized')
  clock.advance(59)
  passed += 59_000
  expect(await list()).toBe('clock_unsynchronized')
  clock.advance(1)
  passed += 1000
  expect(await list()).toBe(200)
})

describe('while a step is in doubt', () => {
  /** A new world lets its clock run ahead until it takes calls; that is no step here. */
  async function createSettled(): Promise<{ world: World; pass: (seconds: number) => void }> {
    let passed = 0
    const world = await createWorld({ policy: APPROVE_ENROLLED, monotonicClock: () => passed })
    const pass = (seconds: number): void => {
      passed += seconds * 1000
      world.clock.advance(seconds)
    }
    await world.authority.issuer.heartbeat()
    pass(60)
    await world.authority.issuer.heartbeat()
    return { world, pass }
  }

  test.each([86_400, -3600])('%i s: nothing is given, however it is asked for', async (seconds) => {
    const { world, pass } = await createSettled()
    const held = await obtain(world)
    const pending = await world.agent.client.createRequest({ ...ASKED, purpose: 'Undecided' })
    const { issuer } = world.authority
    const nonce = await nonceOf(world)
    const now = world.clock()
    world.clock.advance(seconds)
    const agent = world.agent.did as Did
    const operator = world.operator.did as Did
    const unsynchronized = expect.objectContaining({ code: 'clock_unsynchronized' })
    const person = { id: ALICE.id }
    const given: (() => Promise<unknown>)[] = [
      () => issuer.requestDelegation({ ...ASKED, agent }),
      () => issuer.changeRequest({ id: pending.id, version: 1, ...ASKED, agent }),
      () => issuer.approve({ id: pending.id, version: 1, operator }),
      () => issuer.prepareApproval({ person, requests: [{ id: pending.id, version: 1 }] }),
      () => issuer.approveByLogin({ person, draft: 'any' }),
      () => issuer.collect({ id: pending.id, agent }),
      () => issuer.enrol({ agent, operator, onBehalfOf: ALICE, capabilities: READ_ISSUES, maxSeconds: 60 }),
      () => issuer.resumeDelegation({ id: held.id, operator }),
    ]
    for (const give of given) await expect(give()).rejects.toEqual(unsynchronized)
    const proof = await proofFor(world, { nonce, now })
    const answer = await post(world, '/token', exchangeOf(held.chain), { proof })
    expect([answer.status, answer.json['error'], answer.code]).toEqual([
      503,
      'temporarily_unavailable',
      'clock_unsynchronized',
    ])
    pass(60)
    await issuer.requestDelegation({ ...ASKED, agent })
  })

  test('what is revoked is published at once, with the time as it was before the step', async () => {
    const { world, pass } = await createSettled()
    const held = await obtain(world)
    const before = world.clock()
    world.clock.advance(86_400)
    pass(1)
    const caller = { did: world.operator.did as Did, operator: true }
    const receipt = await world.authority.issuer.revokeDelegation({ id: held.id, caller })
    expect(receipt.time).toBe(before + 1000)
    const last = await world.authority.issuer.lastHeartbeat()
    expect(last).toMatchObject({ sequence: receipt.sequence, time: before + 1000 })
    expect((await world.get('/ready')).status).toBe(503)
  })
})
