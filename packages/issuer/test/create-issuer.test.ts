import { describe, expect, test } from 'vitest'
import { type CreateIssuerOptions, createIssuer, type Issuer, requestStatus } from '../src/index.ts'
import {
  ASK_ALWAYS,
  createParty,
  createPolicy,
  createTestRandom,
  createWorld,
  idOf,
  READ_ISSUES,
  READ_ONE,
  type World,
} from './support/issuer-world.ts'
import { createMemoryIssuerStore } from './support/memory-issuer-store.ts'

const AUTHORITY = createParty('authority')

function create(changes: Partial<CreateIssuerOptions>): Issuer {
  return createIssuer({
    signer: AUTHORITY.signer,
    did: AUTHORITY.did,
    kid: AUTHORITY.kid,
    origin: 'https://authority.test',
    store: createMemoryIssuerStore(),
    policy: ASK_ALWAYS,
    clock: () => 0,
    random: (length) => new Uint8Array(length),
    ...changes,
  })
}

describe('an issuer', () => {
  test.each<[string, Partial<CreateIssuerOptions>]>([
    ['a kid of another key', { kid: createParty('other').kid }],
    ['a kid without fragment', { kid: AUTHORITY.did }],
    ['an origin with a path', { origin: 'https://authority.test/issuer' }],
    ['an origin with a slash at the end', { origin: 'https://authority.test/' }],
    ['an origin without scheme', { origin: 'authority.test' }],
    ['a default beyond the maximum', { defaultSeconds: 601, maxSeconds: 600 }],
    ['a default of nothing', { defaultSeconds: 0 }],
    ['a default that is no number', { defaultSeconds: Number.NaN }],
  ])('is not made with %s', (_name, changes) => {
    expect(() => create(changes)).toThrow(TypeError)
  })

  test('tells its bounds', async () => {
    const { issuer, authority } = await createWorld({ maxSeconds: 1200, pollIntervalSeconds: 3 })
    expect(issuer).toMatchObject({
      did: authority.did,
      defaultSeconds: 600,
      maxSeconds: 1200,
      pollIntervalSeconds: 3,
    })
  })

  test('notes a policy when it changes, and only then', async () => {
    const world = await createWorld()
    await world.restart().start()
    const changed = createPolicy('ask', 'forbid (principal, action, resource);')
    await world.restart({ policy: changed }).start()
    const loaded = world.store.state().events.filter((event) => event.type === 'policy_loaded')
    expect(loaded.map((event) => event.data.digest)).toEqual([ASK_ALWAYS.digest, changed.digest])
    expect(loaded[1]?.data.document).toEqual(changed.document)
    for (const { digest, document } of [ASK_ALWAYS, changed]) {
      await expect(world.issuer.findPolicy(digest)).resolves.toEqual(document)
    }
    await expect(world.issuer.findPolicy('sha-256:x')).resolves.toBeUndefined()
  })

  test('numbers what happens without gaps and gives it back in order', async () => {
    const world = await createWorld()
    await world.obtain()
    const all = await world.issuer.listEvents()
    expect(all.map((event) => event.sequence)).toEqual(all.map((_, index) => index + 1))
    expect(all.map((event) => event.type)).toEqual([
      'policy_loaded',
      'requested',
      'policy_decided',
      'approved',
      'issued',
      'collected',
    ])
    await expect(world.issuer.listEvents({ after: 4 })).resolves.toEqual(all.slice(4))
    await expect(world.issuer.listEvents({ after: 1, limit: 2 })).resolves.toEqual(all.slice(1, 3))
  })

  test('tells in its record who did what for whom', async () => {
    const world = await createWorld()
    await world.obtain({ workflow: { id: 'triage' } })
    const issued = (await world.issuer.listEvents()).find((event) => event.type === 'issued')
    const principal = { issuer: world.authority.did, id: 'acct-42', tenant: 'acme' }
    expect(issued?.data).toMatchObject({
      issuer: world.authority.did,
      subject: world.agent.did,
      principal,
      audience: ['https://api.test'],
      policy: { id: 'ask' },
      workflow: { id: 'triage' },
    })
  })
})

describe('an issuer that was never started', () => {
  test('has published nothing, and opens its first list when it needs it', async () => {
    const store = createMemoryIssuerStore()
    const issuer = create({ store, random: createTestRandom() })
    await expect(issuer.lastHeartbeat()).resolves.toBeUndefined()
    await expect(issuer.statusList({ number: 1, purpose: 'revocation' })).resolves.toBeUndefined()
    const agent = createParty('agent').did
    const question = { agent, onBehalfOf: { id: 'a' }, capabilities: READ_ISSUES, purpose: 'x' }
    const { id } = await issuer.requestDelegation(question)
    await issuer.approve({ id, version: 1, operator: createParty('operator').did })
    await expect(issuer.statusList({ number: 1, purpose: 'revocation' })).resolves.toMatchObject({
      version: 1,
      allocated: 1,
    })
    await expect(issuer.lastHeartbeat()).resolves.toMatchObject({ epoch: 1, sequence: 1 })
  })
})

describe('the delegations of an issuer', () => {
  test('are listed newest first, as many as wanted', async () => {
    const world = await createWorld()
    const ids = [await world.obtain(), await world.obtain()].map(({ delegation }) => idOf(delegation))
    const listed = await world.issuer.listDelegations()
    expect(listed.map(({ id }) => id)).toEqual(ids.toReversed())
    await expect(world.issuer.listDelegations({ limit: 1 })).resolves.toHaveLength(1)
    expect(listed[0]).toMatchObject({ delegator: world.authority.did, subject: world.agent.did })
    expect(listed[0]?.revoked).toBeUndefined()
  })
})

describe('reading requests', () => {
  test('is for operators and for the key that asked; to anybody else they are not there', async () => {
    const world = await createWorld()
    const { id } = await world.ask()
    const read = (did: string, operator: boolean, request = id): Promise<unknown> =>
      world.issuer.readRequest({ id: request, caller: { did, operator } })
    await expect(read(world.agent.did, false)).resolves.toMatchObject({ id })
    await expect(read(world.operator.did, true)).resolves.toMatchObject({ id })
    const strange = read(createParty('stranger').did, false)
    await expect(strange).rejects.toThrow(expect.objectContaining({ code: 'not_found' }))
    const absent = read(world.operator.did, true, 'urn:uuid:none')
    await expect(absent).rejects.toThrow(expect.objectContaining({ code: 'not_found' }))
  })

  test('lists them newest first, by where they stand now', async () => {
    const world = await createWorld()
    const [approved, denied] = [await world.ask(), await world.ask({ capabilities: READ_ONE })]
    await world.issuer.approve({ id: approved.id, version: 1, operator: world.operator.did })
    await world.issuer.deny({ id: denied.id, version: 1, operator: world.operator.did })
    const expired = await world.ask()
    world.advance(900)
    const pending = await world.ask()
    expect(await listIds(world)).toEqual([pending.id, expired.id, denied.id, approved.id])
    expect(await listIds(world, 'pending')).toEqual([pending.id])
    expect(await listIds(world, 'expired')).toEqual([expired.id])
    expect(await listIds(world, 'refused')).toEqual([denied.id])
    expect(await listIds(world, 'approved')).toEqual([approved.id])
    expect(requestStatus(expired, world.now())).toBe('expired')
    expect((await world.issuer.listRequests({ limit: 1 })).map(({ id }) => id)).toEqual([pending.id])
  })
})

async function listIds(
  world: World,
  status?: 'pending' | 'approved' | 'refused' | 'expired',
): Promise<string[]> {
  const requests = await world.issuer.listRequests({ ...(status && { status }) })
  return requests.map(({ id }) => id)
}
