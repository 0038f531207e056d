import type { DatabaseSync } from 'node:sqlite'

/**
 * Runs the statements as one: all are on disk when it returns true, none when it returns false or throws.
 *
 * @param work returns false to undo everything
 */
export function runTransaction(database: DatabaseSync, work: () => boolean): boolean {
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
}
