import type { RandomBytes } from '@behalf/core'
import type { AuthorityDatabase } from '../database-schema.ts'
import { readRequestRow } from '../request-rows.ts'
import { queueNotices } from './queue-notices.ts'
import { createExpiredNotice } from './read-notices.ts'

const KEEP_MS = 7 * 86_400_000
const BATCH = 100

/**
 * Requests that ran out since the last sweep are in the outbox of their people, a hundred at a time, and what was
 * settled a week ago is gone from it. A request that ran out before the first sweep is not news.
 */
export async function sweepNotices(
  database: AuthorityDatabase,
  options: { readonly origin: string; readonly now: number; readonly random: RandomBytes },
): Promise<void> {
  const { origin, now } = options
  const since = await findSweptUntil(database, now)
  const rows = await database
    .selectFrom('requests')
    .selectAll()
    .where('status', '=', 'pending')
    .where('expires_at', '>', since)
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(BATCH)
    .execute()
  const last = rows.at(-1)?.expires_at
  if (last === undefined) return
  await database.transaction().execute(async (db) => {
    const expired = rows.map((row) => createExpiredNotice(origin, readRequestRow(row)))
    await queueNotices(db, expired, options)
    await db
      .deleteFrom('notices')
      .where('settled_at', '<', now - KEEP_MS)
      .execute()
    // Of several that ran out in one millisecond some may come in the next batch; nobody is told twice.
    const until = rows.length === BATCH ? last - 1 : last
    await db
      .updateTable('notice_sweep')
      .set({ swept_until: Math.max(until, since + 1) })
      .execute()
  })
}

async function findSweptUntil(database: AuthorityDatabase, now: number): Promise<number> {
  const row = await database.selectFrom('notice_sweep').select('swept_until').executeTakeFirst()
  if (row) return row.swept_until
  await database.insertInto('notice_sweep').values({ id: 1, swept_until: now }).execute()
  return now
}
