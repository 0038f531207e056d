import { parseDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { createParty, createWorld, idOf } from './support/issuer-world.ts'

const refused = (code: string): unknown => expect.objectContaining({ code })

describe('collecting a delegation', () => {
  test('gives the delegation, its chain and the evidence to the key that asked', async () => {
    const world = await createWorld()
    const { delegation, chain, evidence } = await world.obtain()
    expect(chain).toEqual([delegation])
    expect(parseDelegation(delegation).subject).toBe(world.agent.did)
    expect(evidence).toMatchObject({ type: 'behalf-approval-evidence' })
  })

  test('gives the same again until it ends', async () => {
    const world = await createWorld()
    const first = await world.obtain()
    const [id = ''] = world.store.state().requests.keys()
    world.advance(599)
    await expect(world.issuer.collect({ id, agent: world.agent.did })).resolves.toEqual(first)
    world.advance(1)
    await expect(world.issuer.collect({ id, agent: world.agent.did })).rejects.toThrow(
      refused('approval_expired'),
    )
  })

  test('is on record once', async () => {
    const world = await createWorld()
    await world.obtain()
    const [id = ''] = world.store.state().requests.keys()
    await world.issuer.collect({ id, agent: world.agent.did })
    const collected = world.store.state().events.filter((event) => event.type === 'collected')
    expect(collected).toHaveLength(1)
  })

  test('looks the same to another key as a request that does not exist', async () => {
    const world = await createWorld()
    const thief = createParty('thief')
    const answers = []
    const { id, version } = await world.ask()
    const absent = 'urn:uuid:00000000-0000-4000-8000-000000000000'
    answers.push(await failure(world.issuer.collect({ id: absent, agent: thief.did })))
    answers.push(await failure(world.issuer.collect({ id, agent: thief.did })))
    answers.push(await failure(world.issuer.collect({ id, agent: world.operator.did })))
    await world.issuer.approve({ id, version, operator: world.operator.did })
    answers.push(await failure(world.issuer.collect({ id, agent: thief.did })))
    expect(new Set(answers)).toEqual(new Set(['not_found There is no such request']))
  })

  test('waits while nobody has decided', async () => {
    const world = await createWorld()
    const { id, agent } = await world.ask()
    await expect(world.issuer.collect({ id, agent })).rejects.toThrow(refused('authorization_pending'))
    world.advance(2)
    await expect(world.issuer.collect({ id, agent })).rejects.toThrow(refused('authorization_pending'))
  })

  test('slows down an agent that asks faster than it may, until it does not', async () => {
    const world = await createWorld({ pollIntervalSeconds: 5 })
    const { id, agent } = await world.ask()
    const poll = (): Promise<unknown> => world.issuer.collect({ id, agent })
    await expect(poll()).rejects.toThrow(refused('authorization_pending'))
    world.advance(4.4)
    await expect(poll()).rejects.toThrow(expect.objectContaining({ code: 'slow_down', retryAfterSeconds: 5 }))
    world.advance(4.4)
    await expect(poll()).rejects.toThrow(refused('slow_down'))
    world.advance(4.5)
    await expect(poll()).rejects.toThrow(refused('authorization_pending'))
  })

  test('does not make an approved delegation wait for the interval', async () => {
    const world = await createWorld()
    const { id, agent, version } = await world.ask()
    await expect(world.issuer.collect({ id, agent })).rejects.toThrow(refused('authorization_pending'))
    await world.issuer.approve({ id, version, operator: world.operator.did })
    await expect(world.issuer.collect({ id, agent })).resolves.toHaveProperty('delegation')
  })

  test('ends when nobody decided in time', async () => {
    const world = await createWorld()
    const { id, agent } = await world.ask()
    world.advance(900)
    await expect(world.issuer.collect({ id, agent })).rejects.toThrow(refused('approval_expired'))
  })

  test('ends with the revocation of the delegation', async () => {
    const world = await createWorld()
    const { delegation } = await world.obtain()
    const [id = ''] = world.store.state().requests.keys()
    const caller = { did: world.operator.did, operator: true }
    await world.issuer.revokeDelegation({ id: idOf(delegation), caller })
    const again = world.issuer.collect({ id, agent: world.agent.did })
    await expect(again).rejects.toThrow(refused('credential_revoked'))
  })

  test('ends with the revocation of the key', async () => {
    const world = await createWorld()
    await world.obtain()
    const [id = ''] = world.store.state().requests.keys()
    await world.issuer.revokeKey({ agent: world.agent.did, operator: world.operator.did })
    const again = world.issuer.collect({ id, agent: world.agent.did })
    await expect(again).rejects.toThrow(refused('key_revoked'))
  })
})

async function failure(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  if (!(error instanceof Error) || !('code' in error)) throw new Error('nothing was refused')
  return `${String(error.code)} ${error.message}`
}
