import type { IssuerEventType, IssuerStore } from '@behalf/issuer'
import type { AuthorityDatabase } from './database-schema.ts'
import { createDelegationRows } from './delegation-rows.ts'
import { createDraftRows } from './draft-rows.ts'
import { createEnrolmentRows } from './enrolment-rows.ts'
import { createEventRows } from './event-rows.ts'
import { createFloodRows } from './flood-rows.ts'
import { createRequestRows } from './request-rows.ts'
import { createStatusRows } from './status-rows.ts'

/**
 * An issuer's store over an authority's tables. Transactions run one after the other, each with the write lock.
 *
 * @param onRecorded - told which events a transaction put on record, once they are on disk
 */
export function createSqliteIssuerStore(
  database: AuthorityDatabase,
  onRecorded: (types: readonly IssuerEventType[]) => void = () => undefined,
): IssuerStore {
  return {
    transaction: async (work) => {
      const recorded: IssuerEventType[] = []
      const result = await database.transaction().execute((db) => {
        const events = createEventRows(db)
        return work({
          ...createRequestRows(db),
          ...createFloodRows(db),
          ...createDraftRows(db),
          ...createEnrolmentRows(db),
          ...createDelegationRows(db),
          ...createStatusRows(db),
          ...events,
          appendEvent: async (event) => {
            await events.appendEvent(event)
            recorded.push(event.type)
          },
        })
      })
      onRecorded(recorded)
      return result
    },
  }
}
