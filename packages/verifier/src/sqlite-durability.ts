import type { DatabaseSync } from 'node:sqlite'

/**
 * From now on a commit is on disk when it returns.
 *
 * @throws Error when the database cannot do that, because it is not a file on a local disk
 * @see https://sqlite.org/pragma.html#pragma_synchronous
 */
export function makeDurable(database: DatabaseSync): void {
  const journal = database.prepare('PRAGMA journal_mode = WAL').get()
  database.exec('PRAGMA synchronous = FULL')
  const synchronous = database.prepare('PRAGMA synchronous').get()
  if (journal?.journal_mode !== 'wal' || synchronous?.synchronous !== 2) {
    throw new Error('the database cannot be written durably: it needs a file on a local disk')
  }
}
