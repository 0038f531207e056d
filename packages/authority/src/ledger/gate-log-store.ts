import type { SqliteLogStore } from '@behalf/audit-log/sqlite'
import type { AuthorityDatabase } from '../database-schema.ts'
import type { DiskWatch } from '../disk-watch.ts'

/**
 * Returns the store with every access at a time when nothing else uses the connection it shares with Kysely: between
 * two statements of somebody's transaction it would write into that one, and see what may never be committed. Once the
 * disk failed nothing is read or written any more.
 */
export function gateLogStore(
  store: SqliteLogStore,
  { database, disk }: { readonly database: AuthorityDatabase; readonly disk: DiskWatch },
): SqliteLogStore {
  const alone = <Result>(work: () => Promise<Result>): Promise<Result> =>
    database.connection().execute(() => disk.runAsync(work))
  return {
    readSize: () => alone(() => store.readSize()),
    readCheckpoint: () => alone(() => store.readCheckpoint()),
    commit: (commit) => alone(() => store.commit(commit)),
    readNodes: (positions) => alone(() => store.readNodes(positions)),
    readEntries: (from, limit) => alone(() => store.readEntries(from, limit)),
    findIds: (ids) => alone(() => store.findIds(ids)),
    findEntries: (term, from, limit) => alone(() => store.findEntries(term, from, limit)),
    findNewest: (term, before, limit) => alone(() => store.findNewest(term, before, limit)),
    countEntries: (term, most) => alone(() => store.countEntries(term, most)),
  }
}
