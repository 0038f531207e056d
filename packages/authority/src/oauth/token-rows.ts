import type { TokenRecord, TokenTransaction } from '@behalf/issuer'
import { type Selectable, sql } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from '../database-schema.ts'

// Tokens are kept for a while after their end, for whoever asks what became of one, and longer in the open list.
const KEEP_MS = 60 * 60 * 1000
const KEEP_NUMBERS = 131_072
const FORGOTTEN_AT_ONCE = 4

/** The part of an issuer's transaction that keeps tokens. */
export function createTokenRows(db: AuthorityDatabase): TokenTransaction {
  return {
    countTokens: () => readLastNumber(db),
    insertToken: async (token) => {
      const inserted = await db
        .insertInto('tokens')
        .values(toRow(token))
        .onConflict((conflict) => conflict.columns(['list', 'list_index']).doNothing())
        .returning('number')
        .executeTakeFirst()
      if (inserted === undefined) return false
      const { number } = inserted
      const links = token.delegations.map((delegation, link) => ({ delegation, token: number, link }))
      await db.insertInto('token_links').values(links).execute()
      await forgetEnded(db, { number, now: token.issuedAt })
      return true
    },
    findToken: async (id) => {
      const row = await db.selectFrom('tokens').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row, await readLinks(db, row.number))
    },
    markTokenRevoked: async (id, { at, by }) => {
      await db
        .updateTable('tokens')
        .set({ revoked_at: at, revoked_by: by })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .execute()
    },
    listInvalidTokens: ({ list, now }) => listInvalid(db, list, now),
    listSuspendedTokens: ({ list, now }) => listSuspended(db, list, now),
  }
}

async function readLastNumber(db: AuthorityDatabase): Promise<number> {
  const row = await db
    .selectFrom('tokens')
    .select(({ fn }) => fn.max('number').as('last'))
    .executeTakeFirst()
  return Number(row?.last ?? 0)
}

/** A few at a time: as they come, so they go. */
async function forgetEnded(
  db: AuthorityDatabase,
  { number, now }: { readonly number: number; readonly now: number },
): Promise<void> {
  const ended = db
    .selectFrom('tokens')
    .select('number')
    .where('number', '<=', number - KEEP_NUMBERS)
    .where('expires_at', '<', now - KEEP_MS)
    .orderBy('number')
    .limit(FORGOTTEN_AT_ONCE)
  await db.deleteFrom('tokens').where('number', 'in', ended).execute()
}

/** Begins with what was stopped, which is little, and finds the tokens that stand on it. */
async function listInvalid(db: AuthorityDatabase, list: number, now: number): Promise<readonly number[]> {
  const { rows } = await sql<{ list_index: number }>`
    with stopped (id) as (
      select id from delegations where revoked_at is not null and valid_until > ${now}
      union
      select d.id from revoked_keys k join delegations d on d.subject = k.agent where d.valid_until > ${now}
    )
    select list_index from tokens where list = ${list} and revoked_at is not null and expires_at > ${now}
    union
    select t.list_index from stopped s
      join token_links l on l.delegation = s.id
      join tokens t on t.number = l.token
      where t.list = ${list} and t.expires_at > ${now}
    order by list_index
  `.execute(db)
  return rows.map((row) => row.list_index)
}

async function listSuspended(db: AuthorityDatabase, list: number, now: number): Promise<readonly number[]> {
  const rows = await db
    .selectFrom('delegations')
    .innerJoin('token_links', 'token_links.delegation', 'delegations.id')
    .innerJoin('tokens', 'tokens.number', 'token_links.token')
    .select('tokens.list_index')
    .distinct()
    .where('delegations.suspended_at', 'is not', null)
    .where('tokens.list', '=', list)
    .where('tokens.expires_at', '>', now)
    .orderBy('tokens.list_index')
    .execute()
  return rows.map((row) => row.list_index)
}

async function readLinks(db: AuthorityDatabase, token: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('token_links')
    .select('delegation')
    .where('token', '=', token)
    .orderBy('link')
    .execute()
  return rows.map(({ delegation }) => delegation)
}

function toRow(token: TokenRecord): Omit<Selectable<AuthorityTables['tokens']>, 'number'> {
  return {
    id: token.id,
    agent: token.agent,
    audience: token.audience,
    issued_at: token.issuedAt,
    expires_at: token.expiresAt,
    list: token.status.list,
    list_index: token.status.index,
    revoked_at: token.revoked?.at ?? null,
    revoked_by: token.revoked?.by ?? null,
  }
}

function fromRow(row: Selectable<AuthorityTables['tokens']>, delegations: readonly string[]): TokenRecord {
  const { revoked_at: at, revoked_by: by } = row
  return {
    id: row.id,
    delegations,
    agent: row.agent,
    audience: row.audience,
    issuedAt: row.issued_at,
    expiresAt: row.expires_at,
    status: { list: row.list, index: row.list_index },
    ...(at !== null && by !== null && { revoked: { at, by } }),
  }
}
