import { dropCodes, insertCode } from './code-rows.ts'
import type { PeopleContext } from './people-context.ts'
import { createPersonRows } from './person-rows.ts'
import { createToken } from './secret-code.ts'

/**
 * As long as nobody has claimed the authority, there is one code to claim it with: a new one, and those of earlier
 * starts are void.
 *
 * @returns the address that holds the code; undefined when the authority has its people
 */
export async function createClaim({
  database,
  clock,
  random,
  origin,
}: Pick<PeopleContext, 'database' | 'clock' | 'random' | 'origin'>): Promise<string | undefined> {
  const code = createToken(random)
  return database.transaction().execute(async (db) => {
    await dropCodes(db, { purpose: 'claim' })
    if (!(await createPersonRows(db).isEmpty())) return undefined
    await insertCode(db, { code, purpose: 'claim', createdAt: clock(), createdBy: 'start' })
    return `${origin}/claim#${code}`
  })
}
