import type { DatabaseSync } from 'node:sqlite'
import { isDiskFailure } from './disk-failure.ts'

/** What failed first, for each connection whose disk did. */
const failures = new WeakMap<DatabaseSync, unknown>()

/**
 * Runs the statements as one: all are on disk when it returns true, none when it returns false or throws.
 *
 * @param work returns false to undo everything
 * @throws see `runWrite`
 */
export function runTransaction(database: DatabaseSync, work: () => boolean): boolean {
  return runWrite(database, () => {
    database.exec('BEGIN IMMEDIATE')
    try {
      const isKept = work()
      database.exec(isKept ? 'COMMIT' : 'ROLLBACK')
      return isKept
    } catch (error) {
      // A failed commit may have rolled back by itself.
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  })
}

/**
 * Runs what writes. A system that could not sync a file once may say the next time that it did, and have lost what was
 * to be written: so after the first failure of the disk nothing is written on this connection any more.
 *
 * @throws what `work` throws; Error once the disk failed
 */
export function runWrite<Result>(database: DatabaseSync, work: () => Result): Result {
  if (failures.has(database)) {
    throw new Error('the disk of the database failed: start the process again', {
      cause: failures.get(database),
    })
  }
  try {
    return work()
  } catch (error) {
    if (isDiskFailure(error)) failures.set(database, error)
    throw error
  }
}
