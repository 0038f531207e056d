import { parseJson } from '@behalf/core'
import type { AuthorityDatabase } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { createEventRows } from '../event-rows.ts'
import { readList, readText } from '../json-column.ts'
import { checkRegisteredKey } from './check-registered-key.ts'

/** An API that may put its decisions on record. */
export interface RegisteredApi {
  /** Of the key that signs what it sends. */
  readonly did: string
  /** What it speaks for. */
  readonly origins: readonly string[]
  /** Milliseconds since the epoch. */
  readonly addedAt: number
  /** DID of the operator. */
  readonly addedBy: string
}

/** Who decides about APIs, when. */
export interface ApiDecision {
  /** DID of the operator. */
  readonly by: string
  readonly now: number
}

const ORIGIN = /^https?:\/\/[^/?#@\s]+$/u

/**
 * The API may put decisions on record for these origins, instead of any it spoke for before.
 *
 * @throws AuthorityError `input_invalid` for what is no key or no origin
 */
export async function registerApi(
  database: AuthorityDatabase,
  api: { readonly did: string; readonly origins: readonly string[] },
  { by, now }: ApiDecision,
): Promise<RegisteredApi> {
  const { did, origins } = api
  checkApi(api)
  const row = { did, origins_json: JSON.stringify(origins), added_at: now, added_by: by, removed_at: null }
  await database.transaction().execute(async (db) => {
    const { did: _, ...changed } = row
    await db
      .insertInto('apis')
      .values(row)
      .onConflict((conflict) => conflict.column('did').doUpdateSet(changed))
      .execute()
    await createEventRows(db).appendEvent({
      time: now,
      type: 'api_registered',
      data: { api: did, origins: [...origins], by },
    })
  })
  return { did, origins, addedAt: now, addedBy: by }
}

/**
 * The API puts nothing on record any more. What it did stays.
 *
 * @throws AuthorityError `not_found`
 */
export async function removeApi(
  database: AuthorityDatabase,
  did: string,
  { by, now }: ApiDecision,
): Promise<void> {
  await database.transaction().execute(async (db) => {
    const { numUpdatedRows } = await db
      .updateTable('apis')
      .set({ removed_at: now })
      .where('did', '=', did)
      .where('removed_at', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows === 0n) throw new AuthorityError('not_found', 'There is no such API')
    await createEventRows(db).appendEvent({ time: now, type: 'api_removed', data: { api: did, by } })
  })
}

/** The API with this key; undefined when it may put nothing on record. */
export async function findApi(database: AuthorityDatabase, did: string): Promise<RegisteredApi | undefined> {
  const [api] = await readApis(database, did)
  return api
}

/** Every API that may put decisions on record. */
export async function listApis(database: AuthorityDatabase): Promise<readonly RegisteredApi[]> {
  return readApis(database)
}

async function readApis(database: AuthorityDatabase, did?: string): Promise<readonly RegisteredApi[]> {
  const all = database.selectFrom('apis').selectAll().where('removed_at', 'is', null).orderBy('added_at')
  const rows = await (did === undefined ? all : all.where('did', '=', did)).execute()
  return rows.map((row) => ({
    did: row.did,
    origins: readList(parseJson(row.origins_json)).map(readText),
    addedAt: row.added_at,
    addedBy: row.added_by,
  }))
}

function checkApi({ did, origins }: { readonly did: string; readonly origins: readonly string[] }): void {
  checkRegisteredKey(did)
  const isOrigin = (origin: string): boolean => ORIGIN.test(origin) && URL.canParse(origin)
  if (origins.length > 0 && origins.every(isOrigin)) return
  throw new AuthorityError(
    'input_invalid',
    'An origin is a scheme, a host and perhaps a port, nothing more',
    {
      field: 'origins',
    },
  )
}
