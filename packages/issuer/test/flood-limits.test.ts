import { describe, expect, test } from 'vitest'
import type { DelegationQuestion, DelegationRequest, IssuerLimits } from '../src/index.ts'
import {
  ALICE,
  createParty,
  createPolicy,
  createWorld,
  READ_ALL,
  READ_ONE,
  START,
  type World,
} from './support/issuer-world.ts'

const BOB = { id: 'bob' }
const limited = (retryAfterSeconds?: number): unknown =>
  expect.objectContaining({
    code: 'rate_limited',
    ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
  })
const refused = (code: string): unknown => expect.objectContaining({ code })

/** A world, and questions that differ from each other. */
async function createFlood(limits: Partial<IssuerLimits> = {}): Promise<{
  readonly world: World
  readonly ask: (name: string, more?: Partial<DelegationQuestion>) => Promise<DelegationRequest>
}> {
  const world = await createWorld({ limits })
  let run = 0
  const ask = (name: string, more: Partial<DelegationQuestion> = {}): Promise<DelegationRequest> => {
    run += 1
    return world.ask({ agent: createParty(name).did, workflow: { id: 'w', run: String(run) }, ...more })
  }
  return { world, ask }
}

async function approve(world: World, { id, version }: DelegationRequest): Promise<void> {
  await world.issuer.approve({ id, version, operator: world.operator.did })
}

describe('one key', () => {
  test('asks at most 60 times in a minute, whatever it asks and whatever comes of it', async () => {
    const { world, ask } = await createFlood({
      pendingPerAgent: 1000,
      pendingOfStrangers: 1000,
      strangersPerHour: 1000,
    })
    const answers = await Promise.allSettled(Array.from({ length: 1000 }, () => ask('agent')))
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(60)
    expect(world.store.state().requests.size).toBe(60)
    const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason] : []))
    for (const reason of refusals) expect(reason).toEqual(limited(60))
    world.advance(59)
    await expect(ask('agent')).rejects.toThrow(limited(1))
    await expect(ask('other agent')).resolves.toMatchObject({ status: 'pending' })
    world.advance(1)
    await expect(ask('agent')).resolves.toMatchObject({ status: 'pending' })
  })

  test('asks the same at most 60 times, too', async () => {
    const { world } = await createFlood()
    for (let count = 0; count < 60; count += 1) await world.ask()
    await expect(world.ask()).rejects.toThrow(limited())
    expect(world.store.state().requests.size).toBe(1)
  })

  test('has at most so many requests that wait', async () => {
    const { world, ask } = await createFlood({ pendingPerAgent: 3 })
    const first = await ask('agent')
    for (let count = 0; count < 2; count += 1) await ask('agent')
    await expect(ask('agent')).rejects.toThrow(limited(60))
    await expect(ask('other agent')).resolves.toMatchObject({ status: 'pending' })
    await world.issuer.deny({ id: first.id, version: 1, operator: world.operator.did })
    await ask('agent')
    await expect(ask('agent')).rejects.toThrow(limited())
    world.advance(900)
    await expect(ask('agent')).resolves.toMatchObject({ status: 'pending' })
  })
})

describe('many keys, which cost nothing', () => {
  test('share what one person is asked, and leave other people alone', async () => {
    const { ask } = await createFlood({ pendingOfStrangers: 3 })
    for (const name of ['a', 'b', 'c']) await ask(name)
    await expect(ask('d')).rejects.toThrow(limited())
    await expect(ask('d', { onBehalfOf: { ...ALICE, role: 'another' } })).rejects.toThrow(limited())
    await expect(ask('d', { onBehalfOf: BOB })).resolves.toMatchObject({ status: 'pending' })
  })

  test('cannot lock out an agent that the person approved before', async () => {
    const { world, ask } = await createFlood({
      pendingOfStrangers: 2,
      pendingInTotal: 3,
      questionsOfStrangers: 5,
    })
    await approve(world, await ask('known'))
    for (const name of ['a', 'b']) await ask(name)
    await ask('c', { onBehalfOf: BOB })
    for (const name of ['d', 'e']) await expect(ask(name)).rejects.toThrow(limited())
    for (let count = 0; count < 3; count += 1) {
      await expect(ask('known')).resolves.toMatchObject({ status: 'pending' })
    }
    // To somebody else it is as strange as any key.
    await expect(ask('known', { onBehalfOf: { id: 'carol' } })).rejects.toThrow(limited())
  })

  test('cannot lock out an agent that was enrolled, for whatever it was', async () => {
    const { world, ask } = await createFlood({ pendingOfStrangers: 1 })
    await ask('a')
    const enrolled = { agent: createParty('known').did, capabilities: READ_ONE, maxSeconds: 60 }
    const enrolment = await world.issuer.enrol({
      operator: world.operator.did,
      onBehalfOf: ALICE,
      ...enrolled,
    })
    await expect(ask('known', { capabilities: READ_ALL })).resolves.toMatchObject({ status: 'pending' })
    await world.issuer.withdrawEnrolment({ id: enrolment.id, operator: world.operator.did })
    await expect(ask('known', { capabilities: READ_ALL })).rejects.toThrow(limited())
  })

  test('cannot go on forever by being denied', async () => {
    const { world, ask } = await createFlood({ strangersPerHour: 3 })
    for (const name of ['a', 'b', 'c']) {
      const { id, version } = await ask(name)
      await world.issuer.deny({ id, version, operator: world.operator.did })
    }
    await expect(ask('d')).rejects.toThrow(limited(600))
    world.advance(3599)
    await expect(ask('d')).rejects.toThrow(limited())
    world.advance(1)
    await expect(ask('d')).resolves.toMatchObject({ status: 'pending' })
  })

  test('have an end in total, waiting and within a minute', async () => {
    const waiting = await createFlood({ pendingInTotal: 2 })
    for (const id of ['p', 'q']) await waiting.ask(id, { onBehalfOf: { id } })
    await expect(waiting.ask('r', { onBehalfOf: { id: 'r' } })).rejects.toThrow(limited())
    const { world, ask } = await createFlood({ questionsOfStrangers: 2 })
    for (const id of ['p', 'q']) await ask(id, { onBehalfOf: { id } })
    await expect(ask('r', { onBehalfOf: { id: 'r' } })).rejects.toThrow(limited())
    world.advance(60)
    await expect(ask('r', { onBehalfOf: { id: 'r' } })).resolves.toMatchObject({ status: 'pending' })
  })

  test('do not count where nobody is asked', async () => {
    const policy = createPolicy('none', 'forbid (principal, action, resource);')
    const world = await createWorld({ policy, limits: { pendingOfStrangers: 1, strangersPerHour: 1 } })
    for (const name of ['a', 'b', 'c']) {
      await expect(world.ask({ agent: createParty(name).did })).resolves.toMatchObject({ status: 'refused' })
    }
  })
})

describe('the same question again', () => {
  test('gives the request that waits, as it is', async () => {
    const { world } = await createFlood()
    const first = await world.ask({ agentName: 'Summariser' })
    world.advance(10)
    expect(await world.ask({ agentName: 'Summariser' })).toEqual(first)
    expect(world.store.state().events.filter(({ type }) => type === 'requested')).toHaveLength(1)
  })

  test.each<[string, Partial<DelegationQuestion>]>([
    ['another purpose', { purpose: 'Something else' }],
    ['more time', { validForSeconds: 1200 }],
    ['fewer uses', { maxUses: 1 }],
    ['more depth', { maxDelegationDepth: 1 }],
    ['another name', { agentName: 'Other' }],
  ])('with %s changes it, in a new version', async (_name, changes) => {
    const { world } = await createFlood()
    const first = await world.ask()
    world.advance(10)
    const second = await world.ask(changes)
    expect(second).toMatchObject({ id: first.id, version: 2, requestedAt: START, expiresAt: first.expiresAt })
    expect(world.store.state().requests.size).toBe(1)
    const approval = world.issuer.approve({ id: first.id, version: 1, operator: world.operator.did })
    await expect(approval).rejects.toThrow(refused('approval_mismatch'))
    await approve(world, second)
  })

  test.each<[string, Partial<DelegationQuestion>]>([
    ['other capabilities', { capabilities: READ_ONE }],
    ['another principal', { onBehalfOf: BOB }],
    ['another workflow', { workflow: { id: 'w' } }],
    ['another key', { agent: createParty('other agent').did }],
  ])('with %s is another request', async (_name, changes) => {
    const { world } = await createFlood()
    const first = await world.ask()
    const second = await world.ask(changes)
    expect(second.id).not.toBe(first.id)
    expect(second.version).toBe(1)
  })

  test.each<[string, (world: World, asked: DelegationRequest) => Promise<unknown>]>([
    ['approved', approve],
    ['denied', (world, { id }) => world.issuer.deny({ id, version: 1, operator: world.operator.did })],
    ['expired', async (world) => world.advance(900)],
  ])('is a new request once the first is %s', async (_name, decide) => {
    const { world } = await createFlood()
    const first = await world.ask()
    await decide(world, first)
    const second = await world.ask()
    expect([second.id === first.id, second.status]).toEqual([false, 'pending'])
  })
})

describe('a change', () => {
  test('counts as a question, and not as another request', async () => {
    const { world, ask } = await createFlood({
      questionsPerAgent: 2,
      pendingPerAgent: 1,
      pendingOfStrangers: 1,
    })
    const { id } = await ask('agent')
    const question = { agent: world.agent.did, onBehalfOf: ALICE, capabilities: READ_ONE, purpose: 'x' }
    const changed = await world.issuer.changeRequest({ id, version: 1, ...question })
    expect(changed).toMatchObject({ version: 2, stranger: true })
    const again = world.issuer.changeRequest({ id, version: 2, ...question })
    await expect(again).rejects.toThrow(limited())
  })

  test('by the same question with other terms has an end, too', async () => {
    const { world } = await createFlood()
    for (let count = 1; count <= 20; count += 1) await world.ask({ maxUses: count })
    await expect(world.ask({ maxUses: 21 })).rejects.toThrow(limited(60))
  })
})
