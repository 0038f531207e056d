import type { IssuerTransaction, StrangerFilter } from '@behalf/issuer'
import type { AuthorityDatabase } from './database-schema.ts'
import { principalOfRequest } from './request-rows.ts'

/** The part of an issuer's transaction that counts what could become a flood. */
export function createFloodRows(
  db: AuthorityDatabase,
): Pick<IssuerTransaction, 'countStrangers' | 'countQuestion'> {
  return {
    countStrangers: async (filter) => ({
      pending: await countPending(db, filter),
      asked: await countAsked(db, filter),
    }),
    countQuestion: async (key, minute) => {
      await db.deleteFrom('question_counts').where('minute', '<', minute).execute()
      const row = await db
        .insertInto('question_counts')
        .values({ key, minute, count: 1 })
        .onConflict((conflict) =>
          conflict
            .column('key')
            .doUpdateSet((to) => ({ count: to(to.ref('question_counts.count'), '+', 1) })),
        )
        .returning('count')
        .executeTakeFirstOrThrow()
      return row.count
    },
  }
}

async function countPending(db: AuthorityDatabase, { principal, now }: StrangerFilter): Promise<number> {
  let query = db
    .selectFrom('requests')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('stranger', '=', 1)
    .where('status', '=', 'pending')
    .where('expires_at', '>', now)
  if (principal !== undefined) query = query.where(principalOfRequest, '=', principal)
  return (await query.executeTakeFirstOrThrow()).count
}

async function countAsked(db: AuthorityDatabase, { principal, askedAfter }: StrangerFilter): Promise<number> {
  let query = db
    .selectFrom('requests')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('stranger', '=', 1)
    .where('requested_at', '>', askedAfter)
  if (principal !== undefined) query = query.where(principalOfRequest, '=', principal)
  return (await query.executeTakeFirstOrThrow()).count
}
