import type { DatabaseSync } from 'node:sqlite'

/** Rows forgotten at once: a claim stays quick however long nobody came by. */
const ROWS_AT_ONCE = 64

/** A table whose rows end, and the mark up to which ended rows may be gone. */
export interface ForgettingTable {
  readonly table: 'nonce' | 'use_count'
  readonly key: 'name' | 'digest'
  readonly mark: 'nonces_forgotten_until' | 'uses_forgotten_until'
}

/**
 * Makes the function that forgets ended rows, a few at a time, inside the transaction of the caller. It raises the
 * mark with it to the latest end among them, for all processes that share the file: what ends by then may be gone, and
 * what ends later is known, even after the clock went forward and back.
 *
 * @returns function of the time in milliseconds
 */
export function createForget(
  database: DatabaseSync,
  { table, key, mark }: ForgettingTable,
): (now: number) => void {
  const raiseMark = database.prepare('UPDATE mark SET value = max(value, ?) WHERE name = ?')
  const forget = database.prepare(
    `DELETE FROM ${table} WHERE ${key} IN (SELECT ${key} FROM ${table} WHERE keep_until <= ? LIMIT ${ROWS_AT_ONCE}) RETURNING keep_until`,
  )
  return (now) => {
    const ends = forget.all(now).map(({ keep_until }) => Number(keep_until))
    if (ends.length > 0) raiseMark.run(Math.max(...ends), mark)
  }
}
