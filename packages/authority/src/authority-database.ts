import type { DatabaseSync } from 'node:sqlite'
import type { Did } from '@behalf/did'
import { Kysely, sql } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from './database-schema.ts'
import type { DiskWatch } from './disk-watch.ts'
import { AuthorityError } from './error.ts'
import { migrate } from './migrations.ts'
import { checkDatabase } from './open-database.ts'
import { NodeSqliteDialect } from './sqlite-dialect.ts'

/**
 * The database is safe, has the tables of this version and belongs to this issuer.
 *
 * @param raw - see `openDatabase`
 * @param options.now - milliseconds since the epoch
 * @throws AuthorityError `database_unsafe`, `database_migration_failed`, `database_foreign`
 */
export async function prepareDatabase(
  raw: DatabaseSync,
  options: { readonly issuer: Did; readonly now: number },
): Promise<AuthorityDatabase> {
  checkDatabase(raw)
  const database = new Kysely<AuthorityTables>({ dialect: new NodeSqliteDialect(raw) })
  await migrate(database)
  await claimForIssuer(database, options)
  return database
}

/** What the log holds is in the database file, unless its disk failed, and the file is closed. */
export async function closeDatabase(database: AuthorityDatabase, disk?: DiskWatch): Promise<void> {
  if (!disk?.failure.aborted) await sql`pragma wal_checkpoint(truncate)`.execute(database)
  await database.destroy()
}

async function claimForIssuer(
  database: AuthorityDatabase,
  { issuer, now }: { readonly issuer: Did; readonly now: number },
): Promise<void> {
  const owner = await database.transaction().execute(async (db) => {
    const row = await db.selectFrom('authority').select('issuer').executeTakeFirst()
    if (row) return row.issuer
    await db.insertInto('authority').values({ id: 1, issuer, created_at: now }).execute()
    return issuer
  })
  if (owner === issuer) return
  throw new AuthorityError(
    'database_foreign',
    `The database belongs to the issuer ${owner}, and these are the keys of ${issuer}: use the keys it was made with`,
  )
}
