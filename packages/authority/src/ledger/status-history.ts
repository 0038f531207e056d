import type { AuthorityDatabase } from '../database-schema.ts'

/** What is kept of a signed status list. */
export interface SignedStatusList {
  /** Of `jws`, as heartbeats name it. */
  readonly digest: string
  /** Compact JWS. */
  readonly jws: string
  /** Milliseconds since the epoch. */
  readonly signedAt: number
}

/** Lists that are kept at most; every revocation makes one. */
const MAX_KEPT = 10_000

/** The list can be shown for as long as it is not one of the oldest. */
export async function keepStatusList(
  db: AuthorityDatabase,
  { digest, jws, signedAt }: SignedStatusList,
): Promise<void> {
  await db
    .insertInto('signed_status_lists')
    .values({ digest, jws, signed_at: signedAt })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const newest = db
    .selectFrom('signed_status_lists')
    .select('signed_at')
    .orderBy('signed_at', 'desc')
    .offset(MAX_KEPT)
    .limit(1)
  await db.deleteFrom('signed_status_lists').where('signed_at', '<=', newest).execute()
}

/** The list of that digest, a compact JWS; undefined when it was never signed here or is not kept any more. */
export async function findStatusList(db: AuthorityDatabase, digest: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('signed_status_lists')
    .select('jws')
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row?.jws
}
