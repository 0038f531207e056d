import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@behalf/core'
import { CREATED_TOLERANCE_MS, type ReplayStore, readyTime } from './replay-store.ts'
import { createForget } from './sqlite-forget.ts'
import { runTransaction } from './sqlite-transaction.ts'

/**
 * A replay store in a database that several processes may share.
 *
 * @returns the store, and the clock time from which on a request signed then is accepted
 */
export function createSqliteReplayStore(
  database: DatabaseSync,
  clock: Clock,
): { readonly store: ReplayStore; readonly readyAt: number } {
  const startedAt = Number(database.prepare("SELECT value FROM mark WHERE name = 'started_at'").get()?.value)
  if (!Number.isFinite(startedAt)) throw new Error('the database does not know when it began')
  const insert = database.prepare(`
    INSERT INTO nonce (name, keep_until)
    SELECT :name, :keepUntil WHERE :keepUntil > (SELECT value FROM mark WHERE name = 'nonces_forgotten_until')
    ON CONFLICT (name) DO UPDATE SET keep_until = excluded.keep_until WHERE nonce.keep_until <= :now`)
  const forget = createForget(database, { table: 'nonce', key: 'name', mark: 'nonces_forgotten_until' })
  const store: ReplayStore = {
    claim: ({ key, nonce, created, keepUntil }) => {
      const now = Math.trunc(clock())
      if (created <= startedAt + CREATED_TOLERANCE_MS || keepUntil <= now) return false
      return runTransaction(database, () => {
        forget(now)
        return insert.run({ name: `${key} ${nonce}`, keepUntil, now }).changes === 1
      })
    },
  }
  return { store, readyAt: readyTime(startedAt) }
}
