import type { DatabaseSync } from 'node:sqlite'
import type { Clock } from '@behalf/core'
import { createForget } from './sqlite-forget.ts'
import { runTransaction } from './sqlite-transaction.ts'
import type { UseCounter } from './use-counter.ts'

/** A use counter in a database that several processes may share. */
export function createSqliteUseCounter(database: DatabaseSync, clock: Clock): UseCounter {
  const add = database.prepare(`
    INSERT INTO use_count (digest, uses, keep_until)
    SELECT :digest, 1, :keepUntil
    WHERE :limit >= 1 AND :keepUntil > (SELECT value FROM mark WHERE name = 'uses_forgotten_until')
    ON CONFLICT (digest) DO UPDATE SET uses = uses + 1 WHERE uses < :limit`)
  const forget = createForget(database, { table: 'use_count', key: 'digest', mark: 'uses_forgotten_until' })
  return {
    count: (uses) =>
      runTransaction(database, () => {
        const now = Math.trunc(clock())
        forget(now)
        return uses.every(
          ({ digest, limit, keepUntil }) =>
            keepUntil > now && add.run({ digest, limit, keepUntil }).changes === 1,
        )
      }),
  }
}
