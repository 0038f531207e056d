import { spawnSync } from 'node:child_process'
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { openDatabase } from '../src/index.ts'
import { checkDatabase } from '../src/open-database.ts'
import { temporaryFolder, whenDone } from './support/authority-world.ts'

const refused = (code: string): unknown => expect.objectContaining({ code })

function open(path: string): DatabaseSync {
  const database = openDatabase(path)
  whenDone(() => {
    if (database.isOpen) database.close()
  })
  return database
}

describe('the database file', () => {
  test('is opened so that what is acknowledged survives power loss', () => {
    const database = open(join(temporaryFolder(), 'authority.db'))
    const read = (name: string): unknown => Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0]
    expect(['journal_mode', 'synchronous', 'foreign_keys', 'locking_mode'].map(read)).toEqual([
      'wal',
      2,
      1,
      'exclusive',
    ])
  })

  test('is for its owner alone, its log too, whoever made it', () => {
    const path = join(temporaryFolder(), 'authority.db')
    writeFileSync(path, '', { mode: 0o644 })
    const database = open(path)
    database.exec('create table t (a integer) strict')
    for (const file of [path, `${path}-wal`])
      expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600])
  })

  test('is for one at a time, even within one process', () => {
    const path = join(temporaryFolder(), 'authority.db')
    const first = open(path)
    expect(() => openDatabase(path)).toThrow(refused('database_in_use'))
    expect(() => openDatabase(path)).toThrow(path)
    first.exec('create table still_mine (a integer) strict')
    first.close()
    open(path)
  })

  test('is for one process at a time, which can neither read nor write beside it', () => {
    const path = join(temporaryFolder(), 'authority.db')
    open(path)
    const script = `
      const { DatabaseSync } = require('node:sqlite')
      try {
        const database = new DatabaseSync(process.argv[1])
        database.prepare('select * from sqlite_schema').all()
        console.log('read it')
      } catch (error) {
        console.log(error.message)
      }`
    const other = spawnSync(process.execPath, ['-e', script, path], { encoding: 'utf8' })
    expect(other.stdout).toContain('database is locked')
  })

  test('is free again as soon as the process that had it is gone, however it went', () => {
    const path = join(temporaryFolder(), 'authority.db')
    const script = `
      const { DatabaseSync } = require('node:sqlite')
      const database = new DatabaseSync(process.argv[1])
      database.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; create table t (a) ')
      process.kill(process.pid, 'SIGKILL')`
    expect(spawnSync(process.execPath, ['-e', script, path]).signal).toBe('SIGKILL')
    expect(open(path).prepare('select count(*) as count from t').get()).toEqual({ count: 0 })
  })

  test('must be a database', () => {
    expect(() => openDatabase('/dev/null/authority.db')).toThrow()
    expect(() => openDatabase(import.meta.filename)).toThrow()
  })

  test('in memory is none that keeps anything', () => {
    const database = new DatabaseSync(':memory:')
    expect(() => checkDatabase(database)).toThrow(refused('database_unsafe'))
    database.close()
  })
})
