import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import {
  createAuditLog,
  createMemoryLogStore,
  hashLeaf,
  type LogStore,
  verifyCheckpoint,
  verifyConsistency,
  verifyInclusion,
  verifyLog,
} from '@behalf/audit-log'
import { createSqliteLogStore } from '@behalf/audit-log/sqlite'
import { encodeUtf8 } from '@behalf/core'
import { afterAll, describe, expect, test } from 'vitest'
import { slowRoot } from './support/slow-tree.ts'
import { createTestLog, entriesUpTo, fill, key, ORIGIN, pagesOf, signer } from './support/test-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'behalf-log-'))
const databases: DatabaseSync[] = []
afterAll(() => {
  for (const database of databases) database.close()
  rmSync(folder, { recursive: true })
})

function openDatabase(name: string): DatabaseSync {
  const database = new DatabaseSync(join(folder, name), { timeout: 2000 })
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
  databases.push(database)
  return database
}

const STORES: readonly (readonly [string, (name: string) => LogStore])[] = [
  ['in memory', () => createMemoryLogStore()],
  ['in SQLite', (name) => createSqliteLogStore(openDatabase(name))],
]

describe.each(STORES)('a log %s', (kind, createStore) => {
  test('acknowledges an entry with a checkpoint that proves it', async () => {
    const world = createTestLog(createStore('acknowledges'))
    await fill(world, 0, 6)
    const receipt = world.log.append({ id: 'mine', data: encodeUtf8('mine') })
    world.tick()
    const { index, checkpoint } = await receipt
    const { size, root } = verifyCheckpoint(checkpoint, key)
    expect([index, size]).toEqual([6, 7])
    const proof = await world.log.proveInclusion({ index, size })
    verifyInclusion({ index, size, leafHash: hashLeaf(encodeUtf8('mine')), proof, root })
    expect(await world.log.checkpoint()).toBe(checkpoint)
  })

  test('has a signed checkpoint before it has an entry', async () => {
    const world = createTestLog(createStore('empty'))
    expect(verifyCheckpoint(await world.log.checkpoint(), key)).toMatchObject({ size: 0 })
    expect(await world.log.readEntries(0, 10)).toEqual([])
  })

  test('keeps an id once, within a group and later', async () => {
    const world = createTestLog(createStore('once'))
    const append = (id: string) => world.log.append({ id, data: encodeUtf8(id) })
    const first = ['a', 'b', 'a'].map(append)
    world.tick()
    const before = await Promise.all(first)
    expect(before.map(({ index }) => index)).toEqual([0, 1, 0])
    const again = append('b')
    world.tick()
    expect(await again).toEqual({ index: 1, checkpoint: before[0]?.checkpoint })
    expect((await world.log.readEntries(0, 10)).map(({ id }) => id)).toEqual(['a', 'b'])
  })

  test('entries that arrive together share one checkpoint', async () => {
    const world = createTestLog(createStore('group'))
    const receipts = ['a', 'b', 'c'].map((id) => world.log.append({ id, data: encodeUtf8(id) }))
    expect(world.timers.map(({ milliseconds }) => milliseconds <= 5)).toEqual([true])
    world.tick()
    expect(new Set((await Promise.all(receipts)).map(({ checkpoint }) => checkpoint)).size).toBe(1)
  })

  test('a page of entries begins and ends where it was asked to', async () => {
    const world = createTestLog(createStore('page'))
    await fill(world, 0, 9)
    expect((await world.log.readEntries(3, 4)).map(({ index, id }) => `${index} ${id}`)).toEqual([
      '3 entry 3',
      '4 entry 4',
      '5 entry 5',
      '6 entry 6',
    ])
    expect((await world.log.readEntries(3, 1))[0]?.data).toEqual(encodeUtf8('entry 3'))
  })

  test('two logs over one store make one tree', async () => {
    const store = createStore('two')
    const [one, two] = [createTestLog(store), createTestLog(store)]
    for (let round = 0; round < 20; round += 1) {
      const receipts = [one, two].flatMap(({ log }, writer) =>
        Array.from({ length: 3 }, (_, place) => {
          const id = `${round} ${writer} ${place}`
          return log.append({ id, data: encodeUtf8(id) })
        }),
      )
      one.tick()
      two.tick()
      await Promise.all(receipts)
    }
    const entries = await store.readEntries(0, 1000)
    expect(entries.map(({ index }) => index)).toEqual(Array.from({ length: 120 }, (_, index) => index))
    expect(new Set(entries.map(({ id }) => id)).size).toBe(120)
    const { root } = verifyCheckpoint(await one.log.checkpoint(), key)
    expect(Buffer.from(root)).toEqual(slowRoot(entries.map(({ data }) => data)))
  })

  test('a commit at another size, or of an id that is there, writes nothing', async () => {
    const world = createTestLog(createStore('commit'))
    await fill(world, 0, 2)
    const entry = (index: number, id: string) => ({ index, id, data: new Uint8Array() })
    const stale = { size: 1, entries: [entry(1, 'x')], nodes: [], checkpoint: 'x' }
    const repeated = { size: 2, entries: [entry(2, 'entry 0')], nodes: [], checkpoint: 'x' }
    expect([await world.store.commit(stale), await world.store.commit(repeated)]).toEqual([false, false])
    expect([await world.store.readSize(), await world.store.findIds(['x'])]).toEqual([2, [undefined]])
    expect(verifyCheckpoint(await world.log.checkpoint(), key).size).toBe(2)
  })

  test(`a node that is missing is a gap, ${kind}`, async () => {
    const { store } = createTestLog(createStore('gap'))
    await expect(store.readNodes([{ level: 3, index: 1 }])).rejects.toMatchObject({
      code: 'audit_gap',
      index: 1,
    })
  })
})

describe('a log that cannot write', () => {
  test('says so to everybody who waits, and goes on when it can', async () => {
    const store = createMemoryLogStore()
    let isFull = true
    const world = createTestLog({
      ...store,
      commit: async (commit) => {
        if (isFull) throw new Error('disk full')
        return store.commit(commit)
      },
    })
    const receipts = ['a', 'b'].map((id) => world.log.append({ id, data: encodeUtf8(id) }))
    world.tick()
    for (const receipt of receipts) {
      await expect(receipt).rejects.toMatchObject({
        code: 'audit_unavailable',
        cause: new Error('disk full'),
      })
    }
    isFull = false
    await fill(world, 0, 1)
    expect(await store.readSize()).toBe(1)
  })

  test('does not know what a failed commit wrote, and asks the store before it goes on', async () => {
    const store = createMemoryLogStore()
    let isFirst = true
    const world = createTestLog({
      ...store,
      commit: async (commit) => {
        const isKept = await store.commit(commit)
        if (!isFirst) return isKept
        isFirst = false
        throw new Error('the answer was lost')
      },
    })
    const lost = world.log.append({ id: 'a', data: encodeUtf8('a') })
    world.tick()
    await expect(lost).rejects.toMatchObject({ code: 'audit_unavailable' })
    const again = world.log.append({ id: 'a', data: encodeUtf8('a') })
    world.tick()
    expect((await again).index).toBe(0)
    expect(await store.readSize()).toBe(1)
  })

  test('gives up when others write all the time', async () => {
    const store = createMemoryLogStore()
    const world = createTestLog({ ...store, commit: async () => false })
    const receipt = world.log.append({ id: 'a', data: encodeUtf8('a') })
    world.tick()
    await expect(receipt).rejects.toMatchObject({ code: 'audit_unavailable' })
  })

  test('takes no more than may wait', async () => {
    const world = createTestLog(createMemoryLogStore(), { maxWaiting: 1 })
    const first = world.log.append({ id: 'a', data: encodeUtf8('a') })
    await expect(world.log.append({ id: 'b', data: encodeUtf8('b') })).rejects.toMatchObject({
      code: 'audit_unavailable',
    })
    world.tick()
    expect((await first).index).toBe(0)
  })

  test('waits at most five milliseconds for others', () => {
    const options = { store: createMemoryLogStore(), signer, origin: ORIGIN, setTimer: () => () => undefined }
    for (const groupMilliseconds of [6, -1, Number.NaN]) {
      expect(() => createAuditLog({ ...options, groupMilliseconds })).toThrow(TypeError)
    }
  })
})

describe('in a file', () => {
  test('a log goes on where it stopped', async () => {
    await fill(createTestLog(createSqliteLogStore(openDatabase('restart'))), 0, 7)
    const world = createTestLog(createSqliteLogStore(openDatabase('restart')))
    await fill(world, 7, 11)
    const { size, root } = verifyCheckpoint(await world.log.checkpoint(), key)
    expect([size, Buffer.from(root)]).toEqual([11, slowRoot(entriesUpTo(11))])
    const proof = await world.log.proveConsistency({ size1: 7, size2: 11 })
    verifyConsistency({ size1: 7, size2: 11, root1: slowRoot(entriesUpTo(7)), root2: root, proof })
  })

  test('a database that does not wait for the disk is refused', () => {
    const database = openDatabase('unsafe')
    database.exec('PRAGMA synchronous = NORMAL')
    expect(() => createSqliteLogStore(database)).toThrow('synchronous = FULL')
  })

  test('an entry that was edited, dropped or put elsewhere is found', async () => {
    const database = openDatabase('edited')
    const world = createTestLog(createSqliteLogStore(database))
    await fill(world, 0, 9)
    const checkpoint = verifyCheckpoint(await world.log.checkpoint(), key)
    const verify = () => verifyLog({ readEntries: pagesOf(world), checkpoint })
    expect(await verify()).toBe(9)
    database.exec("UPDATE log_entry SET data = X'00' WHERE entry_index = 4")
    await expect(verify()).rejects.toMatchObject({ code: 'audit_proof_invalid', index: undefined })
    const named = verifyLog({
      readEntries: pagesOf(world),
      readNodes: (positions) => world.store.readNodes(positions),
      checkpoint,
    })
    await expect(named).rejects.toMatchObject({ code: 'audit_proof_invalid', index: 4 })
    database.exec('DELETE FROM log_entry WHERE entry_index = 4')
    await expect(verify()).rejects.toMatchObject({ code: 'audit_gap', index: 4 })
    database.exec('UPDATE log_entry SET entry_index = 4 WHERE entry_index = 8')
    await expect(verify()).rejects.toMatchObject({ code: 'audit_gap', index: 8 })
  })
})

describe('a log as a whole', () => {
  const seen = (size: number) => ({ size, root: slowRoot(entriesUpTo(size)) })

  test('is what was seen of it before; progress is told', async () => {
    const world = createTestLog()
    await fill(world, 0, 1500)
    const checkpoint = verifyCheckpoint(await world.log.checkpoint(), key)
    const progress: number[] = []
    const options = { readEntries: pagesOf(world), checkpoint, seen: [seen(1), seen(700)] }
    expect(await verifyLog({ ...options, onProgress: (checked) => progress.push(checked) })).toBe(1500)
    expect(progress).toEqual([1000, 1500])
  })

  test('is a fork when it was seen otherwise, or longer', async () => {
    const world = createTestLog()
    await fill(world, 0, 9)
    const checkpoint = verifyCheckpoint(await world.log.checkpoint(), key)
    const options = { readEntries: pagesOf(world), checkpoint }
    const rewritten = { size: 5, root: slowRoot(entriesUpTo(6).slice(1)) }
    await expect(verifyLog({ ...options, seen: [rewritten] })).rejects.toMatchObject({
      code: 'audit_fork',
      index: 4,
    })
    await expect(verifyLog({ ...options, seen: [seen(10)] })).rejects.toMatchObject({ code: 'audit_fork' })
  })

  test('is not believed when it ends before its checkpoint does', async () => {
    const world = createTestLog()
    await fill(world, 0, 9)
    const checkpoint = verifyCheckpoint(await world.log.checkpoint(), key)
    const readEntries = async (from: number) => world.log.readEntries(from, Math.max(0, 7 - from))
    await expect(verifyLog({ readEntries, checkpoint })).rejects.toMatchObject({
      code: 'audit_gap',
      index: 7,
    })
  })
})

describe('words in SQLite', () => {
  const termsOf = ({ data }: { readonly data: Uint8Array }): readonly string[] =>
    new TextDecoder().decode(data).split(' ')

  test('lead to the entries that have them, in order', async () => {
    const store = createSqliteLogStore(openDatabase('words'), { termsOf })
    await fill(createTestLog(store), 0, 30)
    const indices = async (term: string, from = 0, limit = 50): Promise<readonly number[]> =>
      (await store.findEntries(term, from, limit)).map(({ index }) => index)
    expect(await indices('7')).toEqual([7])
    expect(await indices('entry', 12, 3)).toEqual([12, 13, 14])
    expect(await indices('nobody')).toEqual([])
  })

  test("that are not an entry's own are not believed", async () => {
    const database = openDatabase('foreign words')
    const store = createSqliteLogStore(database, { termsOf })
    await fill(createTestLog(store), 0, 3)
    database.exec(
      'INSERT INTO log_term SELECT term, 2 FROM log_term WHERE entry_index = 1 ON CONFLICT DO NOTHING',
    )
    expect((await store.findEntries('1', 0, 9)).map(({ index }) => index)).toEqual([1])
  })
})

test('what is written beside an entry is there with it or neither is', async () => {
  const database = openDatabase('beside')
  database.exec('CREATE TABLE beside (entry_index INTEGER) STRICT')
  const insert = database.prepare('INSERT INTO beside VALUES (?)')
  const store = createSqliteLogStore(database, {
    writeBeside: ({ index, id }) => {
      if (id === 'entry 2') throw new Error('no room')
      insert.run(index)
    },
  })
  const world = createTestLog(store)
  await fill(world, 0, 2)
  await expect(fill(world, 2, 3)).rejects.toThrow(expect.objectContaining({ code: 'audit_unavailable' }))
  expect(await store.readSize()).toBe(2)
  expect(database.prepare('SELECT entry_index FROM beside').all()).toHaveLength(2)
})
