import type { AuthorityDatabase } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { createEventRows } from '../event-rows.ts'
import type { ApiDecision } from './api-rows.ts'
import { checkRegisteredKey } from './check-registered-key.ts'

/** A key whose holder may read the records of the log, and nothing else. */
export interface Auditor {
  readonly did: string
  /** Milliseconds since the epoch. */
  readonly addedAt: number
  /** DID of the operator. */
  readonly addedBy: string
}

/**
 * Whoever holds this key may read the records of the log; who may already stays it.
 *
 * @throws AuthorityError `input_invalid` for what is no key
 */
export async function addAuditor(
  database: AuthorityDatabase,
  did: string,
  { by, now }: ApiDecision,
): Promise<Auditor> {
  checkRegisteredKey(did)
  const row = { did, added_at: now, added_by: by, removed_at: null }
  return database.transaction().execute(async (db) => {
    const known = await findAuditor(db, did)
    if (known) return known
    const { did: _, ...changed } = row
    await db
      .insertInto('auditors')
      .values(row)
      .onConflict((conflict) => conflict.column('did').doUpdateSet(changed))
      .execute()
    await createEventRows(db).appendEvent({ time: now, type: 'auditor_added', data: { auditor: did, by } })
    return { did, addedAt: now, addedBy: by }
  })
}

/**
 * The key reads nothing any more.
 *
 * @throws AuthorityError `not_found`
 */
export async function removeAuditor(
  database: AuthorityDatabase,
  did: string,
  { by, now }: ApiDecision,
): Promise<void> {
  await database.transaction().execute(async (db) => {
    const { numUpdatedRows } = await db
      .updateTable('auditors')
      .set({ removed_at: now })
      .where('did', '=', did)
      .where('removed_at', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw new AuthorityError('not_found', 'There is no such auditor')
    await createEventRows(db).appendEvent({ time: now, type: 'auditor_removed', data: { auditor: did, by } })
  })
}

/** The auditor with this key; undefined when it may read nothing. */
export async function findAuditor(database: AuthorityDatabase, did: string): Promise<Auditor | undefined> {
  const [auditor] = await readAuditors(database, did)
  return auditor
}

/** Every key that may read the records of the log. */
export async function listAuditors(database: AuthorityDatabase): Promise<readonly Auditor[]> {
  return readAuditors(database)
}

async function readAuditors(database: AuthorityDatabase, did?: string): Promise<readonly Auditor[]> {
  const all = database.selectFrom('auditors').selectAll().where('removed_at', 'is', null).orderBy('added_at')
  const rows = await (did === undefined ? all : all.where('did', '=', did)).execute()
  return rows.map((row) => ({ did: row.did, addedAt: row.added_at, addedBy: row.added_by }))
}
