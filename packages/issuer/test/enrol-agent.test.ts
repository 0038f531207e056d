import { describe, expect, test } from 'vitest'
import type { EnrolOptions } from '../src/index.ts'
import { ALICE, createParty, createWorld, READ_ISSUES, START, type World } from './support/issuer-world.ts'

const refused = (code: string, field?: string): unknown =>
  expect.objectContaining({ code, ...(field !== undefined && { field }) })

function enrol(world: World, changes: Partial<EnrolOptions> = {}): ReturnType<World['issuer']['enrol']> {
  return world.issuer.enrol({
    operator: world.operator.did,
    agent: world.agent.did,
    onBehalfOf: ALICE,
    capabilities: READ_ISSUES,
    maxSeconds: 600,
    ...changes,
  })
}

describe('enrolling an agent', () => {
  test('keeps the terms and is on record', async () => {
    const world = await createWorld()
    const enrolment = await enrol(world, { maxDelegationDepth: 1, validUntil: START + 60_000 })
    expect(enrolment).toMatchObject({
      agent: world.agent.did,
      onBehalfOf: ALICE,
      maxSeconds: 600,
      maxDelegationDepth: 1,
      validUntil: START + 60_000,
      createdBy: world.operator.did,
    })
    await expect(world.issuer.listEnrolments()).resolves.toEqual([enrolment])
    expect(world.store.state().events.at(-1)).toMatchObject({
      type: 'enrolled',
      data: {
        enrolment: enrolment.id,
        subject: world.agent.did,
        by: world.operator.did,
        capabilities: READ_ISSUES,
        max_delegation_depth: 1,
        max_seconds: 600,
      },
    })
  })

  test('allows no delegation below it unless told', async () => {
    const enrolment = await enrol(await createWorld())
    expect(enrolment.maxDelegationDepth).toBe(0)
  })

  test.each<[string, Partial<EnrolOptions>, string, string | undefined]>([
    ['an agent that is no key', { agent: 'did:key:zNotAKey' }, 'input_invalid', 'agent'],
    ['an agent of another method', { agent: 'did:web:evil.test' }, 'input_invalid', 'agent'],
    ['an end in the past', { validUntil: START }, 'input_invalid', 'valid_until'],
    ['an end that is no time', { validUntil: Number.NaN }, 'input_invalid', 'valid_until'],
    ['more seconds than the issuer gives', { maxSeconds: 3601 }, 'input_invalid', 'max_seconds'],
    ['a depth that no chain has', { maxDelegationDepth: 8 }, 'input_invalid', 'max_delegation_depth'],
    ['no capabilities', { capabilities: [] }, 'input_invalid', 'capabilities'],
    ['capabilities outside the grammar', { capabilities: 'all' }, 'scope_malformed', undefined],
    [
      'a principal that hides something',
      { onBehalfOf: { id: 'a\u200Bb' } },
      'input_invalid',
      'on_behalf_of.id',
    ],
  ])('is refused with %s', async (_name, changes, code, field) => {
    const world = await createWorld()
    await expect(enrol(world, changes)).rejects.toThrow(refused(code, field))
    await expect(world.issuer.listEnrolments()).resolves.toEqual([])
  })

  test('is refused for a revoked key, and to one', async () => {
    const world = await createWorld()
    const stranger = createParty('stranger')
    await world.issuer.revokeKey({ agent: stranger.did, operator: world.operator.did })
    await expect(enrol(world, { agent: stranger.did })).rejects.toThrow(refused('key_revoked'))
    await expect(enrol(world, { operator: stranger.did })).rejects.toThrow(refused('key_revoked'))
  })
})

describe('withdrawing an enrolment', () => {
  test('takes it off the list, on record once', async () => {
    const world = await createWorld()
    const { id } = await enrol(world)
    world.advance(5)
    const withdrawn = await world.issuer.withdrawEnrolment({ id, operator: world.operator.did })
    expect(withdrawn.withdrawnAt).toBe(START + 5000)
    world.advance(5)
    await expect(world.issuer.withdrawEnrolment({ id, operator: world.operator.did })).resolves.toEqual(
      withdrawn,
    )
    await expect(world.issuer.listEnrolments()).resolves.toEqual([])
    const events = world.store.state().events.filter((event) => event.type === 'enrolment_withdrawn')
    expect(events).toHaveLength(1)
  })

  test('is refused for one that does not exist, and to a revoked key', async () => {
    const world = await createWorld()
    const { id } = await enrol(world)
    const absent = world.issuer.withdrawEnrolment({ id: 'urn:uuid:none', operator: world.operator.did })
    await expect(absent).rejects.toThrow(refused('not_found'))
    const stranger = createParty('stranger')
    await world.issuer.revokeKey({ agent: stranger.did, operator: world.operator.did })
    const byRevoked = world.issuer.withdrawEnrolment({ id, operator: stranger.did })
    await expect(byRevoked).rejects.toThrow(refused('key_revoked'))
  })
})
