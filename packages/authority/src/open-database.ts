import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { keepNames } from '@behalf/verifier/sqlite'
import { AuthorityError } from './error.ts'

const FULL = 2

/**
 * Opens, or creates, the database file of an authority, alone: another process that tries gets an error until this one
 * ends. Only its owner may read it. An acknowledged write survives power loss.
 *
 * @param path - of the file; SQLite keeps a `-wal` file beside it
 * @throws AuthorityError `database_in_use`, `database_unsafe`
 * @see https://www.sqlite.org/wal.html section 9 for exclusive locking without shared memory
 */
export function openDatabase(path: string): DatabaseSync {
  const database = openFile(path)
  try {
    // From the next access on the file is locked until it is closed.
    database.exec('pragma locking_mode = exclusive')
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    database.exec('pragma foreign_keys = on')
    checkDatabase(database)
    // That of the log too, which is there from now on.
    keepNames(path)
    return database
  } catch (error) {
    database.close()
    throw translate(error, path)
  }
}

/**
 * The database is set so that nothing acknowledged is lost: a write-ahead log, synced at every commit, foreign keys
 * enforced, and this process alone in the file. The settings are read back, not set: whoever opened it otherwise learns it.
 *
 * @throws AuthorityError `database_unsafe`, naming the setting
 */
export function checkDatabase(database: DatabaseSync): void {
  expectPragma(database, { name: 'journal_mode', safe: ['wal'] })
  expectPragma(database, { name: 'synchronous', safe: [FULL, FULL + 1] })
  expectPragma(database, { name: 'foreign_keys', safe: [1] })
  expectPragma(database, { name: 'locking_mode', safe: ['exclusive'] })
}

function openFile(path: string): DatabaseSync {
  // SQLite gives its other files the mode of this one.
  closeSync(openSync(path, 'a', 0o600))
  chmodSync(path, 0o600)
  return new DatabaseSync(path)
}

function expectPragma(
  database: DatabaseSync,
  options: { readonly name: string; readonly safe: readonly (number | string)[] },
): void {
  const { name, safe } = options
  const value = Object.values(database.prepare(`pragma ${name}`).get() ?? {})[0]
  if (safe.some((wanted) => wanted === value)) return
  throw new AuthorityError(
    'database_unsafe',
    `The database has ${name} = ${String(value)}, and a write it acknowledged could be lost: set it to ${safe.join(' or ')}`,
  )
}

function translate(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || error instanceof AuthorityError) return error
  if (!/database is locked|database is busy/u.test(error.message)) return error
  return new AuthorityError(
    'database_in_use',
    `Another process has ${path} open. One authority serves one database file: stop that one, or name another file`,
    { cause: error },
  )
}
