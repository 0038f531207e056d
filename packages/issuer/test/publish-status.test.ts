import {
  changeStatusList,
  type ListReference,
  parseDelegation,
  type StatusList,
  suspensionListUrl,
  verifyHeartbeat,
  verifyStatusList,
} from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { STATUS_LIST_LENGTH, type StatusListState } from '../src/index.ts'
import type { IssuerContext } from '../src/issuer-context.ts'
import { allocateStatusPosition, publishHeartbeat, signList } from '../src/publish-status.ts'
import {
  ASK_ALWAYS,
  createParty,
  createTestRandom,
  createWorld,
  idOf,
  ORIGIN,
  START,
  type World,
} from './support/issuer-world.ts'
import { createMemoryIssuerStore } from './support/memory-issuer-store.ts'

const DAY = 24 * 60 * 60

function options(world: World): { issuer: string; issuers: () => Uint8Array; now: number } {
  return { issuer: world.authority.did, issuers: () => world.authority.signer.publicKey, now: world.now() }
}

function createContext(random = createTestRandom()): IssuerContext {
  const { did, kid, signer } = createParty('authority')
  return {
    did,
    kid,
    signer,
    origin: ORIGIN,
    store: createMemoryIssuerStore(),
    policy: ASK_ALWAYS,
    clock: () => START,
    random,
    defaultSeconds: 600,
    maxSeconds: 3600,
    requestSeconds: 900,
    pollIntervalSeconds: 2,
    limits: {
      questionsPerAgent: 10,
      questionsOfStrangers: 10,
      pendingPerAgent: 10,
      pendingOfStrangers: 10,
      strangersPerHour: 10,
      pendingInTotal: 10,
      childrenPerDelegation: 10,
    },
    dangerouslyLetLoginApprove: false,
  }
}

describe('a heartbeat of a clock that went back', () => {
  async function beatAgain(seconds: number): Promise<readonly [time: number, version: number]> {
    const world = await createWorld()
    world.advance(seconds)
    const { time, jws } = await world.issuer.heartbeat()
    const heartbeat = verifyHeartbeat(jws, options(world))
    return [time - START, heartbeat.lists[0]?.version ?? 0]
  }

  test.each([-1, -5])('is not earlier than the last one, %i s', async (seconds) => {
    expect(await beatAgain(seconds)).toEqual([0, 1])
  })

  test.each([-6, -86_400])('is, for a step of %i s, and its lists are signed again', async (seconds) => {
    expect(await beatAgain(seconds)).toEqual([seconds * 1000, 2])
  })
})

describe('a heartbeat', () => {
  test('is published at the start, over the first list', async () => {
    const world = await createWorld()
    const publication = await world.issuer.lastHeartbeat()
    const heartbeat = verifyHeartbeat(publication?.jws ?? '', options(world))
    expect(heartbeat).toMatchObject({ epoch: 1, sequence: 1, time: START, revokedKeys: [] })
    const stored = await world.issuer.statusList({ number: 1, purpose: 'revocation' })
    const list = verifyStatusList(stored?.jws ?? '', { ...options(world), id: `${ORIGIN}/status/lists/1` })
    const suspended = await world.issuer.statusList({ number: 1, purpose: 'suspension' })
    const id = suspensionListUrl(list.id)
    const suspensions = verifyStatusList(suspended?.jws ?? '', {
      ...options(world),
      id,
      purpose: 'suspension',
    })
    expect(heartbeat.lists).toEqual(
      [list, suspensions].map((one) => ({ id: one.id, version: 1, digest: one.digest })),
    )
    expect([list.length, suspensions.length]).toEqual([131_072, 131_072])
  })

  test('follows the one before, by one, over restarts too', async () => {
    const world = await createWorld()
    const sequences = [(await world.issuer.heartbeat()).sequence, (await world.issuer.heartbeat()).sequence]
    sequences.push((await world.restart().start()).sequence)
    expect(sequences).toEqual([2, 3, 4])
  })

  test('does not sign a list again that did not change', async () => {
    const world = await createWorld()
    const before = await world.issuer.statusList({ number: 1, purpose: 'revocation' })
    world.advance(DAY / 2 - 1)
    await world.issuer.heartbeat()
    await expect(world.issuer.statusList({ number: 1, purpose: 'revocation' })).resolves.toEqual(before)
  })

  test('renews a list long before it ends', async () => {
    const world = await createWorld()
    world.advance(DAY / 2)
    const { jws } = await world.issuer.heartbeat()
    const stored = await world.issuer.statusList({ number: 1, purpose: 'revocation' })
    expect(stored).toMatchObject({ version: 2, validUntil: world.now() + DAY * 1000 })
    expect(verifyHeartbeat(jws, options(world)).lists).toMatchObject([
      { version: 2, digest: stored?.digest },
      { version: 2 },
    ])
  })

  test('names the lists under the configured origin, whatever anybody else says', async () => {
    const world = await createWorld({ origin: 'https://other.test:8443' })
    const publication = await world.issuer.lastHeartbeat()
    const [list] = verifyHeartbeat(publication?.jws ?? '', options(world)).lists
    expect(list?.id).toBe('https://other.test:8443/status/lists/1')
  })
})

describe('the changes that a heartbeat tells of', () => {
  const latest = async (world: World): Promise<readonly ListReference[]> =>
    verifyHeartbeat((await world.issuer.lastHeartbeat())?.jws ?? '', options(world)).lists

  test('make of the list before exactly the list that is signed', async () => {
    const world = await createWorld({ limits: { questionsPerAgent: 1000 } })
    const id = `${ORIGIN}/status/lists/1`
    const read = async (): Promise<StatusList> => {
      const stored = await world.issuer.statusList({ number: 1, purpose: 'revocation' })
      return verifyStatusList(stored?.jws ?? '', { ...options(world), id })
    }
    const setIn = (list: StatusList): readonly number[] =>
      Array.from({ length: list.length }, (_, index) => index).filter((index) => list.isSet(index))
    const first = await read()
    let held = first
    for (let count = 0; count < 20; count += 1) {
      const { delegation } = await world.obtain({ workflow: { id: `${count}` } })
      const caller = { did: world.operator.did, operator: true }
      await world.issuer.revokeDelegation({ id: idOf(delegation), caller })
      const [reference] = await latest(world)
      const changed = reference && changeStatusList(held, reference)
      const signed = await read()
      expect([changed?.version, changed?.digest]).toEqual([signed.version, signed.digest])
      expect(changed && setIn(changed)).toEqual(setIn(signed))
      held = changed ?? held
    }
    const [reference] = await latest(world)
    expect([setIn(held).length, reference?.changes?.length]).toEqual([20, 16])
    expect(reference && changeStatusList(first, reference)).toBeUndefined()
  })

  test('tell of what goes on, and no longer than ten seconds', async () => {
    const world = await createWorld()
    const { delegation } = await world.obtain()
    const decision = { id: idOf(delegation), operator: world.operator.did }
    const index = Number(parseDelegation(delegation).status.statusListIndex)
    await world.issuer.suspendDelegation(decision)
    await world.issuer.resumeDelegation(decision)
    const suspensions = async (): Promise<unknown> => (await latest(world))[1]?.changes
    const told = [
      { version: 2, set: [index], cleared: [] },
      { version: 3, set: [], cleared: [index] },
    ]
    expect(await suspensions()).toEqual(told)
    world.advance(9)
    await world.issuer.heartbeat()
    expect(await suspensions()).toEqual(told)
    world.advance(1)
    await world.issuer.heartbeat()
    expect(await suspensions()).toBeUndefined()
  })

  test('are left out when they are many', async () => {
    const context = createContext()
    const list = { number: 1, purpose: 'revocation' } as const
    await context.store.transaction((tx) => publishHeartbeat(context, tx))
    const sign = (count: number): Promise<StatusListState> =>
      context.store.transaction((tx) =>
        signList(
          context,
          { ...tx, listSetIndices: async () => Array.from({ length: count }, (_, index) => index * 3) },
          list,
        ),
      )
    expect((await sign(256)).changes).toHaveLength(1)
    expect((await sign(257)).changes).toMatchObject([{ version: 3, set: [768] }])
    expect((await sign(600)).changes).toEqual([])
    expect((await sign(601)).changes).toMatchObject([{ version: 5 }])
  })
})

describe('places in the status lists', () => {
  test('are never given twice, not even after the delegation ended', async () => {
    const world = await createWorld({ limits: { questionsPerAgent: 1000 } })
    const seen = new Set<number>()
    for (let count = 0; count < 60; count += 1) {
      const { delegation } = await world.obtain()
      const index = world.store.state().delegations.get(idOf(delegation))?.status.index ?? -1
      expect(seen.has(index)).toBe(false)
      seen.add(index)
      world.advance(4000)
    }
  })

  test('are taken anew when a place is taken already', async () => {
    const bytes = [7, 7]
    const context = createContext((length) => new Uint8Array(length).fill(bytes.pop() ?? 9))
    const [one, two] = await context.store.transaction(async (tx) => [
      await allocateStatusPosition(context, tx, START),
      await allocateStatusPosition(context, tx, START),
    ])
    expect(one).toEqual({ list: 1, index: 0x070707 % STATUS_LIST_LENGTH })
    expect(two).toEqual({ list: 1, index: 0x090909 % STATUS_LIST_LENGTH })
  })

  test('are not looked for without end when the random source repeats itself', async () => {
    const context = createContext((length) => new Uint8Array(length))
    const run = context.store.transaction(async (tx) => {
      await allocateStatusPosition(context, tx, START)
      await allocateStatusPosition(context, tx, START)
    })
    await expect(run).rejects.toThrow('random source')
  })

  test('reach from the first to the last of a list', async () => {
    for (const [byte, index] of [
      [0x00, 0],
      [0xff, STATUS_LIST_LENGTH - 1],
    ] as const) {
      const context = createContext((length) => new Uint8Array(length).fill(byte))
      const position = await context.store.transaction((tx) => allocateStatusPosition(context, tx, START))
      expect(position).toEqual({ list: 1, index })
    }
  })

  test('go on in a next list, published before it is used, and 100,000 of them are distinct', async () => {
    const context = createContext()
    const seen = new Set<string>()
    const published: string[] = []
    await context.store.transaction(async (tx) => {
      await publishHeartbeat(context, tx)
      for (let count = 0; count < 100_000; count += 1) {
        const { list, index } = await allocateStatusPosition(context, tx, START + 600_000)
        seen.add(`${list}/${index}`)
        if (count % 10_000 !== 0) continue
        await publishHeartbeat(context, tx)
        const lists = (await tx.listStatusLists()).filter(({ purpose }) => purpose === 'revocation')
        published.push(lists.map(({ number }) => number).join())
      }
    })
    expect(seen.size).toBe(100_000)
    expect([...seen].filter((place) => place.startsWith('1/'))).toHaveLength(STATUS_LIST_LENGTH / 2)
    // From 52,429 on, two fifths, the next list is out; from 65,536 on it is used.
    expect(published.slice(0, 7)).toEqual(['1', '1', '1', '1', '1', '1', '1,2'])
  })

  test('open a list by themselves when nothing was published yet', async () => {
    const context = createContext()
    await context.store.transaction((tx) => allocateStatusPosition(context, tx, START))
    const [list] = await context.store.transaction((tx) => tx.listStatusLists())
    expect(list).toMatchObject({ number: 1, version: 1, allocated: 1, neededUntil: START })
  })

  test('keep a full list in the heartbeat as long as a delegation in it lives, and an hour longer', async () => {
    let now = START
    const context = { ...createContext(), clock: () => now }
    const names = async (): Promise<string[]> => {
      const { jws } = await context.store.transaction((tx) => publishHeartbeat(context, tx))
      const reading = { issuer: context.did, issuers: () => context.signer.publicKey, now }
      return verifyHeartbeat(jws, reading).lists.map(({ id }) => id.replace(`${ORIGIN}/status/lists/`, ''))
    }
    await names()
    await context.store.transaction(async (tx) => {
      const list = await tx.findStatusList({ number: 1, purpose: 'revocation' })
      if (list)
        await tx.saveStatusList({ ...list, allocated: STATUS_LIST_LENGTH / 2, neededUntil: START + 600_000 })
    })
    now = START + 600_000
    expect(await names()).toEqual(['1', '1/suspension', '2', '2/suspension'])
    now = START + 600_000 + 60 * 60 * 1000
    expect(await names()).toEqual(['2', '2/suspension'])
  })
})
