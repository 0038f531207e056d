import { isJsonObject, parseJson } from '@behalf/core'
import { type RawBuilder, type Selectable, type SqlBool, sql } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from '../database-schema.ts'
import { optional, readJsonColumn, readList, readText } from '../json-column.ts'
import { NOTICE_TYPES, type NoticeType } from './notice.ts'

/** Where notices of one person go. */
export interface NoticeTarget {
  readonly id: string
  readonly person: string
  readonly kind: 'webhook' | 'push'
  readonly address: string
  /** Of a push subscription: base64url. */
  readonly keys?: { readonly p256dh: string; readonly auth: string }
  readonly events: readonly NoticeType[]
  /** Milliseconds since the epoch, like every time here. */
  readonly createdAt: number
  readonly failures: number
  readonly lastDeliveredAt?: number
  readonly lastFailedAt?: number
  readonly lastFailure?: string
  readonly disabledAt?: number
}

/** A target on its way into the database. */
export type NewTarget = Pick<
  NoticeTarget,
  'id' | 'person' | 'kind' | 'address' | 'keys' | 'events' | 'createdAt'
>

/** Of a target: its person is not disabled. */
export const belongsToSomebody: RawBuilder<SqlBool> = sql<SqlBool>`person in (select id from persons where persons.disabled_at is null)`

/** Reads a row of targets. */
export function readTargetRow(row: Selectable<AuthorityTables['notice_targets']>): NoticeTarget {
  const events = readList(parseJson(row.events_json))
  return {
    id: row.id,
    person: row.person,
    kind: row.kind,
    address: row.address,
    ...optional('keys', readKeys(row.keys_json)),
    events: NOTICE_TYPES.filter((type) => events.includes(type)),
    createdAt: row.created_at,
    failures: row.failures,
    ...optional('lastDeliveredAt', row.last_delivered_at),
    ...optional('lastFailedAt', row.last_failed_at),
    ...optional('lastFailure', row.last_failure),
    ...optional('disabledAt', row.disabled_at),
  }
}

/** The targets of a person of one kind, in the order in which they were added. */
export async function listTargets(
  db: AuthorityDatabase,
  { person, kind }: Pick<NoticeTarget, 'person' | 'kind'>,
): Promise<readonly NoticeTarget[]> {
  const rows = await db
    .selectFrom('notice_targets')
    .selectAll()
    .where('person', '=', person)
    .where('kind', '=', kind)
    .orderBy('number')
    .execute()
  return rows.map(readTargetRow)
}

/** The targets that are this browser, whosever. */
export async function findPushTargets(
  db: AuthorityDatabase,
  endpoint: string,
): Promise<readonly NoticeTarget[]> {
  const rows = await db
    .selectFrom('notice_targets')
    .selectAll()
    .where('kind', '=', 'push')
    .where('address', '=', endpoint)
    .execute()
  return rows.map(readTargetRow)
}

/** A target by its id. */
export async function findTarget(db: AuthorityDatabase, id: string): Promise<NoticeTarget | undefined> {
  const row = await db.selectFrom('notice_targets').selectAll().where('id', '=', id).executeTakeFirst()
  return row && readTargetRow(row)
}

/** The target is stored; nothing was tried yet. */
export async function insertTarget(db: AuthorityDatabase, target: NewTarget): Promise<void> {
  const { id, person, kind, address, keys, events, createdAt } = target
  const row = { id, person, kind, address, events_json: JSON.stringify(events), created_at: createdAt }
  await db
    .insertInto('notice_targets')
    .values({ ...row, keys_json: keys ? JSON.stringify(keys) : null })
    .execute()
}

function readKeys(text: string | null): NoticeTarget['keys'] {
  if (text === null) return undefined
  const keys = readJsonColumn(text)
  return isJsonObject(keys) ? { p256dh: readText(keys['p256dh']), auth: readText(keys['auth']) } : undefined
}
