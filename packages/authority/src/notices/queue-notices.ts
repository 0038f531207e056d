import { createUuid, type RandomBytes } from '@behalf/core'
import type { AuthorityDatabase } from '../database-schema.ts'
import type { Notice } from './notice.ts'
import { belongsToSomebody, readTargetRow } from './target-rows.ts'

const MAX_QUEUED_PER_TARGET = 1000
const CHUNK = 500

/**
 * Each notice stands in the outbox of every target that wants it: on disk when the transaction is. A target that was
 * told already, is switched off or has a thousand waiting gets nothing more.
 *
 * @returns how many were queued
 */
export async function queueNotices(
  db: AuthorityDatabase,
  notices: readonly Notice[],
  { now, random }: { readonly now: number; readonly random: RandomBytes },
): Promise<number> {
  let queued = 0
  for (const notice of notices) {
    for (const target of await findTargets(db, notice)) {
      const { numInsertedOrUpdatedRows = 0n } = await db
        .insertInto('notices')
        .values({
          id: createNoticeId(random),
          target,
          type: notice.type,
          about: notice.about,
          data_json: JSON.stringify(notice.data),
          created_at: now,
          expires_at: notice.expiresAt ?? null,
        })
        .onConflict((conflict) => conflict.columns(['target', 'type', 'about']).doNothing())
        .executeTakeFirstOrThrow()
      queued += Number(numInsertedOrUpdatedRows)
    }
  }
  return queued
}

/** Returns a new `webhook-id`. */
export function createNoticeId(random: RandomBytes): string {
  return `msg_${createUuid(random).slice('urn:uuid:'.length)}`
}

async function findTargets(db: AuthorityDatabase, { type, persons }: Notice): Promise<readonly string[]> {
  const found: string[] = []
  for (let start = 0; start < persons.length; start += CHUNK) {
    const rows = await db
      .selectFrom('notice_targets')
      .selectAll()
      .where('person', 'in', persons.slice(start, start + CHUNK))
      .where('disabled_at', 'is', null)
      .where(belongsToSomebody)
      .where((where) =>
        where(
          where
            .selectFrom('notices')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .whereRef('notices.target', '=', 'notice_targets.id')
            .where('settled_at', 'is', null),
          '<',
          MAX_QUEUED_PER_TARGET,
        ),
      )
      .execute()
    const wanting = rows.map(readTargetRow).filter(({ events }) => events.includes(type))
    found.push(...wanting.map(({ id }) => id))
  }
  return found
}
