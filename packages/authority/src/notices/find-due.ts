import type { Selectable } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from '../database-schema.ts'
import { optional, readJsonColumn } from '../json-column.ts'
import { NOTICE_TYPES, type OutgoingNotice } from './notice.ts'
import { belongsToSomebody, type NoticeTarget, readTargetRow } from './target-rows.ts'

/** One notice, and where it goes. */
export interface DueNotice {
  readonly target: NoticeTarget
  readonly notice: OutgoingNotice
}

/**
 * Returns what may be tried now: of each target the notice that was tried least, the oldest of those, so that one that
 * its receiver never takes holds up no other.
 *
 * @param options.except - targets that are busy
 */
export async function findDue(
  database: AuthorityDatabase,
  {
    now,
    except,
    limit,
  }: { readonly now: number; readonly except: readonly string[]; readonly limit: number },
): Promise<readonly DueNotice[]> {
  let query = database
    .selectFrom('notice_targets')
    .selectAll()
    .where('disabled_at', 'is', null)
    .where(belongsToSomebody)
    .where('retry_at', '<=', now)
    .where((where) =>
      where.exists(
        where
          .selectFrom('notices')
          .select('number')
          .whereRef('notices.target', '=', 'notice_targets.id')
          .where('settled_at', 'is', null),
      ),
    )
    .orderBy('retry_at')
    .limit(limit)
  if (except.length > 0) query = query.where('id', 'not in', except)
  const due: DueNotice[] = []
  for (const row of await query.execute()) {
    const target = readTargetRow(row)
    const next = await database
      .selectFrom('notices')
      .selectAll()
      .where('target', '=', target.id)
      .where('settled_at', 'is', null)
      .orderBy('attempts')
      .orderBy('number')
      .executeTakeFirst()
    if (next) due.push({ target, notice: readNoticeRow(next) })
  }
  return due
}

function readNoticeRow(row: Selectable<AuthorityTables['notices']>): OutgoingNotice {
  const type = NOTICE_TYPES.find((known) => known === row.type)
  if (type === undefined) throw new Error('The outbox holds a notice of an unknown type')
  return {
    id: row.id,
    type,
    data: readJsonColumn(row.data_json),
    createdAt: row.created_at,
    ...optional('expiresAt', row.expires_at),
  }
}
