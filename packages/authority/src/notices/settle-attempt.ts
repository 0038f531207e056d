import type { RandomBytes } from '@behalf/core'
import type { AuthorityDatabase } from '../database-schema.ts'
import type { Outcome, OutgoingNotice } from './notice.ts'
import { GIVE_UP_AFTER_MS, retryDelay } from './retry-schedule.ts'
import { findTarget, type NoticeTarget } from './target-rows.ts'

interface Attempt {
  readonly target: NoticeTarget
  readonly outcome: Outcome
  readonly now: number
}

/**
 * The outcome of an attempt is on disk. What was delivered is done with; what failed is tried again later, and for 72
 * hours at most. A target that took nothing for as long, or wants no more, is switched off, and what waits for it is
 * given up; a push subscription that ended is removed.
 */
export async function settleAttempt(
  database: AuthorityDatabase,
  attempt: Attempt & { readonly notice: OutgoingNotice; readonly random: RandomBytes },
): Promise<void> {
  const { notice, outcome, now } = attempt
  await database.transaction().execute(async (db) => {
    const target = await findTarget(db, attempt.target.id)
    // It was removed meanwhile, and everything that waited for it with it.
    if (!target) return
    if (outcome.kind === 'delivered') {
      await settle(db, notice, now)
      await markDelivered(db, target, now)
      return
    }
    if (outcome.kind === 'stale') {
      await settle(db, notice, now)
      return
    }
    const failures = target.failures + 1
    const end = notice.createdAt + GIVE_UP_AFTER_MS
    const isLate = now >= end
    const delay = retryDelay(failures, attempt.random)
    const retryAt = isLate ? now + delay : Math.min(now + delay, end)
    await markFailed(db, { target, outcome, now }, { failures, retry_at: retryAt })
    await db
      .updateTable('notices')
      .set(({ eb }) => ({ attempts: eb('attempts', '+', 1) }))
      .where('id', '=', notice.id)
      .execute()
    if (isLate) await settle(db, notice, now)
    const isDead = isLate && (target.lastDeliveredAt ?? 0) < notice.createdAt
    if (outcome.kind === 'gone' || isDead) await switchOff(db, target, now)
  })
}

/** The outcome of a test is on disk; one that arrived switches its target on again. */
export async function settleTest(
  database: AuthorityDatabase,
  { target, outcome, now }: Attempt,
): Promise<void> {
  if (outcome.kind === 'delivered') await markDelivered(database, target, now)
  else await markFailed(database, { target, outcome, now }, {})
}

async function settle(db: AuthorityDatabase, { id }: OutgoingNotice, now: number): Promise<void> {
  await db
    .updateTable('notices')
    .set(({ eb }) => ({ settled_at: now, attempts: eb('attempts', '+', 1) }))
    .where('id', '=', id)
    .execute()
}

async function markDelivered(db: AuthorityDatabase, { id }: NoticeTarget, now: number): Promise<void> {
  await db
    .updateTable('notice_targets')
    .set({ failures: 0, retry_at: 0, last_delivered_at: now, disabled_at: null })
    .where('id', '=', id)
    .execute()
}

async function markFailed(
  db: AuthorityDatabase,
  { target, outcome, now }: Attempt,
  schedule: { readonly failures?: number; readonly retry_at?: number },
): Promise<void> {
  if (!('reason' in outcome)) return
  await db
    .updateTable('notice_targets')
    .set({ ...schedule, last_failed_at: now, last_failure: outcome.reason })
    .where('id', '=', target.id)
    .execute()
}

async function switchOff(db: AuthorityDatabase, { id, kind }: NoticeTarget, now: number): Promise<void> {
  if (kind === 'push') {
    await db.deleteFrom('notice_targets').where('id', '=', id).execute()
    return
  }
  await db.updateTable('notice_targets').set({ disabled_at: now }).where('id', '=', id).execute()
  await db
    .updateTable('notices')
    .set({ settled_at: now })
    .where('target', '=', id)
    .where('settled_at', 'is', null)
    .execute()
}
