import type { Clock } from '@behalf/core'
import { type SqlBool, sql } from 'kysely'
import type { AuthorityDatabase } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { createEventRows } from '../event-rows.ts'
import type { PrincipalName, PrincipalSalts } from './principal-salts.ts'

/** What was forgotten. */
export interface Forgotten {
  /** How records name whoever it was, now without a meaning. */
  readonly hash: string
  /** Requests whose evidence is gone. */
  readonly evidence: number
  /** Events that do not name them any more. */
  readonly events: number
}

/**
 * Nobody can tell any more who is meant by the hash in the records: the salt is erased, and with it the evidence of the
 * requests and the id in the events that are in the log. It stands in the record that somebody was forgotten. The log
 * itself is as it was.
 *
 * @param options.moved - sequence of the last event that is in the log
 * @param options.by - DID of the operator
 * @throws AuthorityError `not_found` when no record speaks of them
 */
export async function forgetPrincipal(
  database: AuthorityDatabase,
  principal: PrincipalName,
  options: {
    readonly moved: number
    readonly by: string
    readonly clock: Clock
    readonly salts: PrincipalSalts
  },
): Promise<Forgotten> {
  const { moved, by, clock, salts } = options
  const forgotten = await database.transaction().execute(async (db) => {
    const hash = await eraseSalt(db, principal, clock())
    const evidence = await db.deleteFrom('request_evidence').where('principal', '=', hash).executeTakeFirst()
    const events = await redactEvents(db, { id: principal.id, hash, moved })
    const event = { time: clock(), type: 'person_forgotten', data: { forgotten: hash, by } } as const
    await createEventRows(db).appendEvent(event)
    return { hash, evidence: Number(evidence.numDeletedRows), events }
  })
  salts.reset()
  return forgotten
}

async function eraseSalt(db: AuthorityDatabase, { issuer, id }: PrincipalName, now: number): Promise<string> {
  const row = await db
    .updateTable('principal_salts')
    .set({ issuer: null, id: null, salt: null, erased_at: now })
    .where('issuer', '=', issuer)
    .where('id', '=', id)
    .returning('hash')
    .executeTakeFirst()
  if (row) return row.hash
  throw new AuthorityError('not_found', 'No record speaks of such a principal')
}

/** The hash takes the place of the id, as it does in the log. */
async function redactEvents(
  db: AuthorityDatabase,
  { id, hash, moved }: { readonly id: string; readonly hash: string; readonly moved: number },
): Promise<number> {
  let changed = 0
  for (const path of ['$.principal.id', '$.person', '$.by']) {
    const { numUpdatedRows } = await db
      .updateTable('events')
      .set({ data_json: sql<string>`json_replace(data_json, ${path}, ${hash})` })
      .where(sql<SqlBool>`json_extract(data_json, ${path}) = ${id}`)
      .where('sequence', '<=', moved)
      .executeTakeFirst()
    changed += Number(numUpdatedRows)
  }
  return changed
}
