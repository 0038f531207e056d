import type { ListChange } from '@behalf/credential'
import type { IssuerTransaction, StatusListState } from '@behalf/issuer'
import type { Selectable, SelectQueryBuilder } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from './database-schema.ts'

type StatusPart = Pick<
  IssuerTransaction,
  | 'listStatusLists'
  | 'findStatusList'
  | 'saveStatusList'
  | 'claimStatusPosition'
  | 'listSetIndices'
  | 'readPublication'
  | 'savePublication'
>

type ListRow = Omit<Selectable<AuthorityTables['status_lists']>, 'jws'>

/** The part of an issuer's transaction that keeps what is published. */
export function createStatusRows(db: AuthorityDatabase): StatusPart {
  return {
    ...createListRows(db),
    claimStatusPosition: async ({ list, index }, neededUntil) => {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('status_positions')
        .values({ list, list_index: index })
        .onConflict((conflict) => conflict.columns(['list', 'list_index']).doNothing())
        .executeTakeFirstOrThrow()
      if (numInsertedOrUpdatedRows !== 1n) return false
      await db
        .updateTable('status_lists')
        .set((build) => ({
          allocated: build('allocated', '+', 1),
          needed_until: build.fn<number>('max', ['needed_until', build.val(neededUntil)]),
        }))
        .where('number', '=', list)
        .execute()
      return true
    },
    listSetIndices: async ({ number, purpose }) => {
      const rows = await db
        .selectFrom('delegations')
        .select('list_index')
        .where('list', '=', number)
        .where(purpose === 'suspension' ? 'suspended_at' : 'revoked_at', 'is not', null)
        .execute()
      return rows.map((row) => row.list_index)
    },
    readPublication: async () => {
      const row = await db.selectFrom('publication').selectAll().executeTakeFirst()
      return row && { epoch: row.epoch, sequence: row.sequence, jws: row.jws, time: row.time }
    },
    savePublication: async (publication) => {
      await db
        .insertInto('publication')
        .values({ id: 1, ...publication })
        .onConflict((conflict) => conflict.column('id').doUpdateSet({ ...publication }))
        .execute()
    },
  }
}

function createListRows(
  db: AuthorityDatabase,
): Pick<StatusPart, 'listStatusLists' | 'findStatusList' | 'saveStatusList'> {
  return {
    listStatusLists: async () => {
      const revocation = await db.selectFrom('status_lists').selectAll().execute()
      const suspension = await selectSuspensionLists(db).execute()
      return [...revocation.map(toState('revocation')), ...suspension.map(toState('suspension'))].toSorted(
        (one, other) => one.number - other.number,
      )
    },
    findStatusList: async ({ number, purpose }) => {
      const row =
        purpose === 'suspension'
          ? await selectSuspensionLists(db).where('suspension_lists.number', '=', number).executeTakeFirst()
          : await db.selectFrom('status_lists').selectAll().where('number', '=', number).executeTakeFirst()
      return row && { ...toState(purpose)(row), jws: row.jws }
    },
    saveStatusList: async (list) => {
      const { number, purpose, version, jws, digest, signedAt, validUntil } = list
      const changes_json = JSON.stringify(list.changes)
      const changed = { version, jws, digest, signed_at: signedAt, valid_until: validUntil, changes_json }
      if (purpose === 'suspension') {
        await db
          .insertInto('suspension_lists')
          .values({ number, ...changed })
          .onConflict((conflict) => conflict.column('number').doUpdateSet(changed))
          .execute()
        return
      }
      await db
        .insertInto('status_lists')
        .values({ number, ...changed, allocated: list.allocated, needed_until: list.neededUntil })
        .onConflict((conflict) => conflict.column('number').doUpdateSet(changed))
        .execute()
    },
  }
}

/** With what is counted at the list of revocations, whose places are the same. */
function selectSuspensionLists(
  db: AuthorityDatabase,
): SelectQueryBuilder<
  AuthorityTables,
  'suspension_lists' | 'status_lists',
  Selectable<AuthorityTables['status_lists']>
> {
  return db
    .selectFrom('suspension_lists')
    .innerJoin('status_lists', 'status_lists.number', 'suspension_lists.number')
    .select(['status_lists.allocated', 'status_lists.needed_until'])
    .selectAll('suspension_lists')
}

function toState(purpose: StatusListState['purpose']): (row: ListRow) => StatusListState {
  return (row) => ({
    number: row.number,
    purpose,
    version: row.version,
    digest: row.digest,
    signedAt: row.signed_at,
    validUntil: row.valid_until,
    allocated: row.allocated,
    neededUntil: row.needed_until,
    changes: readChanges(row.changes_json),
  })
}

function readChanges(text: string): readonly ListChange[] {
  const changes: readonly ListChange[] = JSON.parse(text)
  return changes
}
