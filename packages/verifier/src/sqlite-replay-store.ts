import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@behalf/core'
import { CREATED_TOLERANCE_MS, type ReplayStore, readyTime } from './replay-store.ts'
import { createForget } from './sqlite-forget.ts'
import { runTransaction } from './sqlite-transaction.ts'

/** How far the latest time may run ahead of the one that is kept. */
const KEPT_EVERY_MS = 1000

/**
 * A replay store in a database that several processes may share.
 *
 * @returns the store, and the clock time from which on a request signed then is accepted
 */
export function createSqliteReplayStore(
  database: DatabaseSync,
  clock: Clock,
): { readonly store: ReplayStore; readonly readyAt: number } {
  const selectMark = database.prepare('SELECT value FROM mark WHERE name = ?')
  const latestTime = Number(selectMark.get('latest_time')?.value)
  const startedAt = Number(selectMark.get('started_at')?.value)
  if (!Number.isFinite(startedAt)) throw new Error('the database does not know when it began')
  const insert = database.prepare(`
    INSERT INTO nonce (name, keep_until)
    SELECT :name, :keepUntil WHERE :keepUntil > (SELECT value FROM mark WHERE name = 'nonces_forgotten_until')
    ON CONFLICT (name) DO UPDATE SET keep_until = excluded.keep_until WHERE nonce.keep_until <= :now`)
  const forget = createForget(database, { table: 'nonce', key: 'name', mark: 'nonces_forgotten_until' })
  // Lowered too, once a clock that was ahead has been corrected: a claim is made at a time that is believed.
  const keepTime = database.prepare(`
    UPDATE mark SET value = :now WHERE name = 'latest_time' AND abs(value - :now) >= ${KEPT_EVERY_MS}`)
  const count = database.prepare('SELECT count(*) AS entries FROM nonce')
  const store: ReplayStore = {
    latestTime,
    size: () => Number(count.get()?.entries),
    claim: ({ key, nonce, created, keepUntil }) => {
      const now = Math.trunc(clock())
      if (created <= startedAt + CREATED_TOLERANCE_MS || keepUntil <= now) return false
      return runTransaction(database, () => {
        forget(now)
        keepTime.run({ now })
        return insert.run({ name: `${key} ${nonce}`, keepUntil, now }).changes === 1
      })
    },
  }
  return { store, readyAt: readyTime(startedAt) }
}
