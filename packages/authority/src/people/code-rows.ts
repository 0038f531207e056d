import type { JsonObject } from '@behalf/core'
import type { AuthorityDatabase, AuthorityTables } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { readJsonColumn } from '../json-column.ts'
import { hashSecret } from './secret-code.ts'

/** What a code lets its holder do: be the first person, become a person, or make a passkey after all were lost. */
export type CodePurpose = AuthorityTables['codes']['purpose']

/** A code that may be used. */
export interface UsableCode {
  readonly hash: string
  readonly data: JsonObject
}

/** A code that is about to be given out. */
export interface NewCode {
  readonly code: string
  readonly purpose: CodePurpose
  /** Whom it is for; nobody in particular when it claims an authority. */
  readonly person?: string
  readonly data?: JsonObject
  readonly createdAt: number
  readonly createdBy: string
  readonly expiresAt?: number
}

/** The code may be used once. Only its hash is stored. */
export async function insertCode(db: AuthorityDatabase, code: NewCode): Promise<void> {
  await db
    .insertInto('codes')
    .values({
      code_hash: hashSecret(code.code),
      purpose: code.purpose,
      person: code.person ?? null,
      data_json: JSON.stringify(code.data ?? {}),
      created_at: code.createdAt,
      created_by: code.createdBy,
      expires_at: code.expiresAt ?? null,
      used_at: null,
    })
    .execute()
}

/**
 * Returns the code of a hash, which may be used now.
 *
 * @throws AuthorityError `not_found` for one that never was, is another's, or has run out; `approval_consumed` for one
 *   that was used
 */
export async function findUsableCode(
  db: AuthorityDatabase,
  expected: {
    readonly hash: string
    readonly purpose: CodePurpose
    readonly person?: string
    readonly now: number
  },
): Promise<UsableCode & { readonly person: string | null }> {
  const { hash, purpose, person, now } = expected
  const row = await db.selectFrom('codes').selectAll().where('code_hash', '=', hash).executeTakeFirst()
  const isFor = row?.purpose === purpose && (person === undefined || row.person === person)
  if (!isFor || now >= (row.expires_at ?? Infinity)) {
    throw new AuthorityError('not_found', 'There is no such code')
  }
  if (row.used_at !== null) throw new AuthorityError('approval_consumed', 'This code was used before')
  return { hash, data: readJsonColumn(row.data_json), person: row.person }
}

/** The code is used up. */
export async function useCode(db: AuthorityDatabase, hash: string, now: number): Promise<void> {
  await db.updateTable('codes').set({ used_at: now }).where('code_hash', '=', hash).execute()
}

/** No code of this purpose, for this person if one is named, can be used any more; those that were stay on record. */
export async function dropCodes(
  db: AuthorityDatabase,
  { purpose, person }: { readonly purpose: CodePurpose; readonly person?: string },
): Promise<number> {
  let query = db.deleteFrom('codes').where('purpose', '=', purpose).where('used_at', 'is', null)
  if (person !== undefined) query = query.where('person', '=', person)
  const { numDeletedRows } = await query.executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/** How many codes of this purpose the person may still use. */
export async function countCodes(
  db: AuthorityDatabase,
  { purpose, person }: { readonly purpose: CodePurpose; readonly person: string },
): Promise<number> {
  const { count } = await db
    .selectFrom('codes')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('purpose', '=', purpose)
    .where('person', '=', person)
    .where('used_at', 'is', null)
    .executeTakeFirstOrThrow()
  return count
}
