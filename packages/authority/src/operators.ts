import { type Did, decodeDidKey } from '@behalf/did'
import { checkText } from '@behalf/issuer'
import type { AuthorityDatabase } from './database-schema.ts'
import { createEventRows } from './event-rows.ts'

/** A key whose holder decides for this authority. */
export interface Operator {
  readonly did: Did
  /** For other operators to read; never in a credential. */
  readonly name: string
}

/**
 * Every one of these keys is an operator's, on record since it is; those who were stay it.
 *
 * @param now - milliseconds since the epoch
 * @throws DidError `key_invalid`, `keyid_unsupported`; IssuerError `input_invalid` for a name that hides something
 */
export async function addOperators(
  database: AuthorityDatabase,
  operators: readonly Operator[],
  now: number,
): Promise<void> {
  for (const { did, name } of operators) {
    decodeDidKey(did)
    checkText(name, { field: 'operator.name', maxLength: 100 })
  }
  await database.transaction().execute(async (db) => {
    for (const { did, name } of operators) {
      if (await isOperator(db, did)) continue
      await db.insertInto('operators').values({ did, name, added_at: now }).execute()
      await createEventRows(db).appendEvent({ time: now, type: 'operator_created', data: { operator: did } })
    }
  })
}

/** Whether the key is an operator's. */
export async function isOperator(database: AuthorityDatabase, did: Did): Promise<boolean> {
  const row = await database.selectFrom('operators').select('did').where('did', '=', did).executeTakeFirst()
  return row !== undefined
}
