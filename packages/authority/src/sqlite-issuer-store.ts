import type { IssuerStore } from '@behalf/issuer'
import type { AuthorityDatabase } from './database-schema.ts'
import { createDelegationRows } from './delegation-rows.ts'
import { createDraftRows } from './draft-rows.ts'
import { createEnrolmentRows } from './enrolment-rows.ts'
import { createEventRows } from './event-rows.ts'
import { createRequestRows } from './request-rows.ts'
import { createStatusRows } from './status-rows.ts'

/** An issuer's store over an authority's tables. Transactions run one after the other, each with the write lock. */
export function createSqliteIssuerStore(database: AuthorityDatabase): IssuerStore {
  return {
    transaction: (work) =>
      database.transaction().execute((db) =>
        work({
          ...createRequestRows(db),
          ...createDraftRows(db),
          ...createEnrolmentRows(db),
          ...createDelegationRows(db),
          ...createStatusRows(db),
          ...createEventRows(db),
        }),
      ),
  }
}
