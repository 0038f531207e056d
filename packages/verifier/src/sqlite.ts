import { chmodSync, closeSync, openSync } from 'node:fs'
import { resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Clock, systemClock } from '@behalf/core'
import type { AuditOutbox } from './audit-outbox.ts'
import type { AuditSink } from './audit-sink.ts'
import { keepNames } from './keep-names.ts'
import type { ReplayStore } from './replay-store.ts'
import { createSqliteAuditOutbox } from './sqlite-audit-outbox.ts'
import { createSqliteAuditSink } from './sqlite-audit-sink.ts'
import { makeDurable } from './sqlite-durability.ts'
import { createSqliteReplayStore } from './sqlite-replay-store.ts'
import { createSqliteStatusState } from './sqlite-status-state.ts'
import { createSqliteUseCounter } from './sqlite-use-counter.ts'
import type { StatusState } from './status-source.ts'
import type { UseCounter } from './use-counter.ts'

export { isDiskFailure } from './disk-failure.ts'
export { keepNames } from './keep-names.ts'

/** Everything a verifier keeps, in one file. */
export interface VerifierDatabase {
  readonly replayStore: ReplayStore
  readonly useCounter: UseCounter
  readonly auditSink: AuditSink
  /** For `createAuditShipper`. */
  readonly auditOutbox: AuditOutbox
  readonly statusState: StatusState
  /** Clock time, in milliseconds, from which on a request signed then is accepted; in the past for an older file. */
  readonly readyAt: number
  close(): void
}

/** Options of `openVerifierDatabase`. */
export interface VerifierDatabaseOptions {
  readonly clock?: Clock
  /** How long to wait for another process that is writing, default 2000. */
  readonly busyTimeoutMilliseconds?: number
}

const SCHEMA_VERSION = 1
const SCHEMA = `
  CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE nonce (name TEXT PRIMARY KEY, keep_until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX nonce_by_end ON nonce (keep_until);
  CREATE TABLE use_count (digest TEXT PRIMARY KEY, uses INTEGER NOT NULL, keep_until INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX use_count_by_end ON use_count (keep_until);
  CREATE TABLE decision (id INTEGER PRIMARY KEY AUTOINCREMENT, time INTEGER NOT NULL, request_id TEXT NOT NULL, record TEXT NOT NULL) STRICT;
  CREATE INDEX decision_by_request ON decision (request_id);
  CREATE TABLE status_mark (issuer TEXT PRIMARY KEY, mark TEXT NOT NULL) STRICT, WITHOUT ROWID;
`

/**
 * Opens the file of a verifier, and makes it when it is not there: readable by its owner only, every commit on disk
 * before it is answered. Processes on one machine may share it. A new file knows nothing of what was accepted
 * before, so its replay store refuses everything created up to 5 seconds after that; an older file knows.
 *
 * @param path of the file
 * @throws any error of the file system or of SQLite; Error when the file was made by a later version or cannot be
 * written durably
 */
export function openVerifierDatabase(path: string, options: VerifierDatabaseOptions = {}): VerifierDatabase {
  const { clock = systemClock, busyTimeoutMilliseconds = 2000 } = options
  // A name such as `:memory:` means something else to SQLite than a file of that name.
  const file = resolve(path)
  // SQLite gives its other files the mode of this one.
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
  const database = new DatabaseSync(file, { timeout: busyTimeoutMilliseconds })
  try {
    makeDurable(database)
    // That of the log too, which is there from now on.
    keepNames(file)
    migrate(database, clock())
    const { readyAt, store } = createSqliteReplayStore(database, clock)
    return {
      replayStore: store,
      useCounter: createSqliteUseCounter(database, clock),
      auditSink: createSqliteAuditSink(database),
      auditOutbox: createSqliteAuditOutbox(database),
      statusState: createSqliteStatusState(database),
      readyAt,
      close: () => database.close(),
    }
  } catch (error) {
    database.close()
    throw error
  }
}

function migrate(database: DatabaseSync, now: number): void {
  database.exec('BEGIN IMMEDIATE')
  const version = database.prepare('PRAGMA user_version').get()?.user_version
  if (version === 0) {
    database.exec(SCHEMA)
    const insertMark = database.prepare('INSERT INTO mark (name, value) VALUES (?, ?)')
    insertMark.run('started_at', Math.trunc(now))
    insertMark.run('nonces_forgotten_until', 0)
    insertMark.run('uses_forgotten_until', 0)
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`)
  }
  if (version === 0 || version === SCHEMA_VERSION) {
    database.exec("INSERT INTO mark (name, value) VALUES ('latest_time', 0) ON CONFLICT DO NOTHING")
  }
  database.exec('COMMIT')
  if (version !== 0 && version !== SCHEMA_VERSION) throw new Error('the database was made by another version')
}
