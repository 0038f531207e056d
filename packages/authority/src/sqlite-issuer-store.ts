import type { IssuerStore, NewIssuerEvent, Publication, StatusListRecord } from '@behalf/issuer'
import type { AuthorityDatabase } from './database-schema.ts'
import { createDelegationRows } from './delegation-rows.ts'
import { createDraftRows } from './draft-rows.ts'
import { createEnrolmentRows } from './enrolment-rows.ts'
import { createEventRows } from './event-rows.ts'
import { createFloodRows } from './flood-rows.ts'
import { keepStatusList } from './ledger/status-history.ts'
import { createTokenRows } from './oauth/token-rows.ts'
import { createRequestRows } from './request-rows.ts'
import type { StatusUpdate } from './status/status-feed.ts'
import { createStatusRows } from './status-rows.ts'
import { createWorkloadRows } from './workload/workload-rows.ts'

/** Who is told what a transaction did, once it is on disk. */
export interface IssuerStoreListeners {
  /** Within its transaction, once the event is on record: what this writes is kept with it or not at all. */
  readonly recording?: (db: AuthorityDatabase, event: NewIssuerEvent) => Promise<void>
  readonly recorded?: (events: readonly NewIssuerEvent[]) => void
  readonly published?: (update: StatusUpdate) => void
}

/** An issuer's store over an authority's tables. Transactions run one after the other, each with the write lock. */
export function createSqliteIssuerStore(
  database: AuthorityDatabase,
  { recording, recorded, published }: IssuerStoreListeners = {},
): IssuerStore {
  return {
    transaction: async (work) => {
      const recordedEvents: NewIssuerEvent[] = []
      const lists: StatusListRecord[] = []
      let publication: Publication | undefined
      const result = await database.transaction().execute((db) => {
        const events = createEventRows(db)
        const status = createStatusRows(db)
        return work({
          ...createRequestRows(db),
          ...createFloodRows(db),
          ...createDraftRows(db),
          ...createEnrolmentRows(db),
          ...createWorkloadRows(db),
          ...createDelegationRows(db),
          ...status,
          ...createTokenRows(db),
          ...events,
          saveStatusList: async (list) => {
            await status.saveStatusList(list)
            await keepStatusList(db, list)
            lists.push(list)
          },
          savePublication: async (latest) => {
            await status.savePublication(latest)
            publication = latest
          },
          appendEvent: async (event) => {
            await events.appendEvent(event)
            recordedEvents.push(event)
            await recording?.(db, event)
          },
        })
      })
      recorded?.(recordedEvents)
      if (publication) published?.({ publication, lists })
      return result
    },
  }
}
