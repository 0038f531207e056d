import type { AuthorityDatabase } from '../database-schema.ts'

/** Which account of the company's provider a person is. */
export interface CompanyLogin {
  readonly person: string
  readonly issuer: string
  readonly subject: string
}

/** Returns the account of a person. */
export async function findCompanyLogin(
  db: AuthorityDatabase,
  person: string,
): Promise<CompanyLogin | undefined> {
  return db.selectFrom('company_logins').selectAll().where('person', '=', person).executeTakeFirst()
}

/**
 * The person is this account from now on.
 *
 * @returns false when the account is somebody else's
 */
export async function insertCompanyLogin(db: AuthorityDatabase, login: CompanyLogin): Promise<boolean> {
  const inserted = await db
    .insertInto('company_logins')
    .values(login)
    .onConflict((conflict) => conflict.columns(['issuer', 'subject']).doNothing())
    .executeTakeFirst()
  return inserted.numInsertedOrUpdatedRows === 1n
}
