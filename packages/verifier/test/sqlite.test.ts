import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import type { AuditRecord, StatusMark } from '../src/index.ts'
import { openVerifierDatabase } from '../src/sqlite.ts'
import { createSqliteAuditOutbox } from '../src/sqlite-audit-outbox.ts'
import { createSqliteAuditSink } from '../src/sqlite-audit-sink.ts'
import { makeDurable } from '../src/sqlite-durability.ts'
import { createSqliteStatusState } from '../src/sqlite-status-state.ts'
import { runTransaction } from '../src/sqlite-transaction.ts'
import { issuer, otherIssuer } from './support/agents.ts'

const folder = mkdtempSync(join(tmpdir(), 'behalf-database-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newFile = (): string => join(folder, `${++files}.db`)

const mark: StatusMark = {
  epoch: 2,
  sequence: 9,
  time: 1_790_000_000_000,
  versions: { 'https://a.test/1': 3, 'https://a.test/a': 1, 'https://a.test/A': 2 },
  revokedIssuerKeys: [issuer.kid],
}

describe('openVerifierDatabase', () => {
  test('makes a file that only its owner reads', () => {
    const path = newFile()
    const database = openVerifierDatabase(path)
    database.statusState.save(issuer.did, mark)
    for (const suffix of ['', '-wal', '-shm'])
      expect(statSync(path + suffix).mode & 0o777, suffix).toBe(0o600)
    database.close()
  })

  test('makes a file its own that others could read', () => {
    const path = newFile()
    writeFileSync(path, '', { mode: 0o644 })
    openVerifierDatabase(path).close()
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('writes ahead and to the disk', () => {
    const path = newFile()
    openVerifierDatabase(path).close()
    const plain = new DatabaseSync(path)
    expect(plain.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' })
    plain.close()
  })

  test('refuses a file that does not know when it began', () => {
    const path = newFile()
    openVerifierDatabase(path).close()
    const plain = new DatabaseSync(path)
    plain.exec('DELETE FROM mark')
    plain.close()
    expect(() => openVerifierDatabase(path)).toThrow(/when it began/)
  })

  test('means a file by every name', () => {
    const path = join(folder, ':memory:')
    const here = process.cwd()
    process.chdir(folder)
    try {
      openVerifierDatabase(':memory:').close()
    } finally {
      process.chdir(here)
    }
    expect(statSync(path).size).toBeGreaterThan(0)
  })

  test('refuses what is not a file', () => {
    expect(() => openVerifierDatabase(join(folder, 'none', 'x.db'))).toThrow()
  })

  test('refuses a file of a later version, and one that is no database', () => {
    const path = newFile()
    openVerifierDatabase(path).close()
    const plain = new DatabaseSync(path)
    plain.exec('PRAGMA user_version = 2')
    plain.close()
    expect(() => openVerifierDatabase(path)).toThrow(/another version/)
    const text = newFile()
    writeFileSync(text, 'not a database, but long enough to be taken for one'.repeat(99))
    expect(() => openVerifierDatabase(text)).toThrow(/not a database/)
  })
})

describe('makeDurable', () => {
  test('refuses a database that is not a file', () => {
    const database = new DatabaseSync(':memory:')
    expect(() => makeDurable(database)).toThrow(/durably/)
    database.close()
  })

  test('sets what a power cut needs', () => {
    const database = new DatabaseSync(newFile())
    makeDurable(database)
    expect(database.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 })
    database.close()
  })
})

describe('runTransaction', () => {
  test('keeps all or nothing, and leaves the database usable whatever happens', () => {
    const database = new DatabaseSync(newFile())
    database.exec('CREATE TABLE kept (name TEXT PRIMARY KEY)')
    const insert = database.prepare('INSERT INTO kept VALUES (?)')
    const attempt = (name: string, isKept: boolean): boolean =>
      runTransaction(database, () => {
        insert.run(name)
        return isKept
      })
    expect(attempt('a', true)).toBe(true)
    expect(attempt('b', false)).toBe(false)
    expect(() => attempt('a', true)).toThrow(/UNIQUE/)
    expect(attempt('c', true)).toBe(true)
    expect(database.prepare('SELECT name FROM kept ORDER BY name').all()).toEqual([
      { name: 'a' },
      { name: 'c' },
    ])
    database.close()
  })
})

describe('the audit sink in SQLite', () => {
  test('keeps every record in order, also across a restart', () => {
    const path = newFile()
    const entry = (requestId: string): AuditRecord => ({
      time: 7,
      requestId,
      decision: 'refused',
      code: 'forbidden',
    })
    const first = openVerifierDatabase(path)
    void first.auditSink.record(entry('a'))
    void first.auditSink.record(entry('b'))
    first.close()
    const second = openVerifierDatabase(path)
    void second.auditSink.record({ ...entry('c'), method: "'; DROP TABLE decision; --" })
    second.close()
    const plain = new DatabaseSync(path)
    const rows = plain.prepare('SELECT request_id, record FROM decision ORDER BY id').all()
    plain.close()
    expect(rows.map((row) => row['request_id'])).toEqual(['a', 'b', 'c'])
    expect(JSON.parse(String(rows[2]?.['record']))).toMatchObject({
      requestId: 'c',
      method: "'; DROP TABLE decision; --",
    })
  })

  test('throws when it cannot keep a record', () => {
    const database = openVerifierDatabase(newFile())
    database.close()
    expect(() =>
      database.auditSink.record({ time: 1, requestId: 'a', decision: 'accepted', code: 'ok' }),
    ).toThrow()
  })
})

describe('the status state in SQLite', () => {
  test('keeps the last mark of every issuer, across a restart', () => {
    const path = newFile()
    const first = openVerifierDatabase(path)
    expect(first.statusState.load(issuer.did)).toBeUndefined()
    first.statusState.save(issuer.did, { ...mark, sequence: 8 })
    first.statusState.save(issuer.did, mark)
    first.close()
    const second = openVerifierDatabase(path)
    expect(second.statusState.load(issuer.did)).toEqual(mark)
    expect(second.statusState.load(otherIssuer.did)).toBeUndefined()
    second.close()
  })

  test.each([
    '{}',
    '[]',
    '{"epoch":"1","sequence":1,"time":1,"versions":{}}',
    '{"epoch":1,"sequence":1,"time":1,"versions":{"a":"1"}}',
    '{"epoch":1,"sequence":1,"time":1}',
    '{"epoch":1,"sequence":1,"time":1,"versions":{},"revokedIssuerKeys":"a"}',
    '{"epoch":1,"sequence":1,"time":1,"versions":{},"revokedIssuerKeys":["a",1]}',
    '{"epoch":1,"sequence":1,"time":1,"versions":{},"revokedIssuerKeys":{"0":"a"}}',
  ])('refuses a mark that it did not write: %s', (text) => {
    const path = newFile()
    openVerifierDatabase(path).close()
    const plain = new DatabaseSync(path)
    plain.prepare('INSERT INTO status_mark VALUES (?, ?)').run(issuer.did, text)
    plain.close()
    const database = openVerifierDatabase(path)
    expect(() => database.statusState.load(issuer.did)).toThrow(/cannot be read/)
    database.close()
  })
})

describe('a disk that fails', () => {
  const failing = (errcode: number) => (): never => {
    throw Object.assign(new Error('disk I/O error'), { errcode })
  }

  // Of SQLite: a sync failed, a read came short, a page is not what it was, the file is no database.
  test.each([1034, 522, 11, 26])('is not written to again after error %i', (errcode) => {
    const database = new DatabaseSync(newFile())
    expect(() => runTransaction(database, failing(errcode))).toThrow('disk I/O error')
    expect(() => runTransaction(database, () => true)).toThrow('start the process again')
    expect(runTransaction(new DatabaseSync(newFile()), () => true)).toBe(true)
  })

  // The disk is full, the database locked, a rule of a table broken.
  test.each([13, 5, 19])('is something else than error %i', (errcode) => {
    const database = new DatabaseSync(newFile())
    expect(() => runTransaction(database, failing(errcode))).toThrow('disk I/O error')
    expect(runTransaction(database, () => true)).toBe(true)
  })

  test('takes no more reports, records and marks', () => {
    const path = newFile()
    openVerifierDatabase(path).close()
    const database = new DatabaseSync(path)
    const auditOutbox = createSqliteAuditOutbox(database)
    const auditSink = createSqliteAuditSink(database)
    const statusState = createSqliteStatusState(database)
    auditOutbox.add('before', true)
    expect(() => runTransaction(database, failing(1034))).toThrow('disk I/O error')
    const after = 'start the process again'
    expect(() => auditOutbox.add('after', true)).toThrow(after)
    expect(() => auditOutbox.addAll(['after'])).toThrow(after)
    expect(() => auditOutbox.remove(1)).toThrow(after)
    expect(() => auditOutbox.dropRefusal()).toThrow(after)
    expect(() => auditOutbox.setAside(1, 'refused')).toThrow(after)
    expect(() => auditOutbox.dropSetAside()).toThrow(after)
    expect(() => auditOutbox.takeBack()).toThrow(after)
    expect(() => auditSink.record({ time: 1, requestId: 'a', decision: 'accepted', code: 'ok' })).toThrow(
      after,
    )
    expect(() => statusState.save(issuer.did, mark)).toThrow(after)
    expect(auditOutbox.size()).toBe(1)
    database.close()
  })
})
