import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import { NodeSqliteDialect } from '../src/sqlite-dialect.ts'
import { temporaryFolder, whenDone } from './support/authority-world.ts'

interface Tables {
  readonly things: {
    readonly number: number | null
    readonly text: string | null
    readonly bytes: Uint8Array | null
  }
}

/** Two connections to one file, the first through Kysely. */
function open(): { database: Kysely<Tables>; beside: DatabaseSync } {
  const path = join(temporaryFolder(), 'things.db')
  const raw = new DatabaseSync(path)
  raw.exec('pragma journal_mode = wal; create table things (number integer, text text, bytes blob) strict')
  const database = new Kysely<Tables>({ dialect: new NodeSqliteDialect(raw) })
  const beside = new DatabaseSync(path)
  whenDone(async () => {
    beside.close()
    await database.destroy()
    if (raw.isOpen) raw.close()
  })
  return { database, beside }
}

describe('Kysely over node:sqlite', () => {
  test('reads what it wrote, in every type there is', async () => {
    const { database } = open()
    const rows = [
      { number: 2 ** 53 - 1, text: 'a\u{1F600}"\'', bytes: new Uint8Array([0, 255]) },
      { number: null, text: null, bytes: null },
    ]
    await database.insertInto('things').values(rows).execute()
    const read = await database.selectFrom('things').selectAll().execute()
    expect(read.map((row) => ({ ...row }))).toEqual(rows)
  })

  test('counts what it changed', async () => {
    const { database } = open()
    await database.insertInto('things').values({ number: 1, text: 'x', bytes: null }).execute()
    const changed = await database.updateTable('things').set({ text: 'y' }).executeTakeFirstOrThrow()
    expect(changed.numUpdatedRows).toBe(1n)
    const returned = await database.deleteFrom('things').returning('text').execute()
    expect(returned.map(({ text }) => text)).toEqual(['y'])
  })

  test('streams', async () => {
    const { database } = open()
    const numbers = [1, 2, 3]
    await database
      .insertInto('things')
      .values(numbers.map((number) => ({ number, text: null, bytes: null })))
      .execute()
    const seen = []
    for await (const { number } of database.selectFrom('things').selectAll().stream()) seen.push(number)
    expect(seen).toEqual(numbers)
  })

  test('refuses what SQLite has no type for', async () => {
    const { database } = open()
    for (const value of [true, undefined, { a: 1 }, Symbol('x')]) {
      const run = sql`insert into things (text) values (${value})`.execute(database)
      await expect(run).rejects.toThrow(TypeError)
    }
  })

  test('has the write lock from the beginning of a transaction', async () => {
    const { database, beside } = open()
    await database.transaction().execute(async (db) => {
      await db.selectFrom('things').selectAll().execute()
      expect(() => beside.exec('begin immediate')).toThrow('locked')
    })
    beside.exec('begin immediate')
    beside.exec('rollback')
  })

  test('undoes tables too when a transaction fails', async () => {
    const { database, beside } = open()
    const run = database.transaction().execute(async (db) => {
      await sql`create table more (a integer) strict`.execute(db)
      throw new Error('changed my mind')
    })
    await expect(run).rejects.toThrow('changed my mind')
    expect(() => beside.prepare('select * from more')).toThrow('no such table')
  })

  test('closes the database when it is destroyed', async () => {
    const { database } = open()
    await database.selectFrom('things').selectAll().execute()
    await database.destroy()
    await expect(database.selectFrom('things').selectAll().execute()).rejects.toThrow()
  })
})
