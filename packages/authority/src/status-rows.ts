import type { IssuerTransaction, StatusListState } from '@behalf/issuer'
import type { Selectable } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from './database-schema.ts'

type StatusPart = Pick<
  IssuerTransaction,
  | 'listStatusLists'
  | 'findStatusList'
  | 'saveStatusList'
  | 'claimStatusPosition'
  | 'listRevokedIndices'
  | 'readPublication'
  | 'savePublication'
>

const STATE_COLUMNS = [
  'number',
  'version',
  'digest',
  'signed_at',
  'valid_until',
  'allocated',
  'needed_until',
] as const

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
    listRevokedIndices: async (number) => {
      const rows = await db
        .selectFrom('delegations')
        .select('list_index')
        .where('list', '=', number)
        .where('revoked_at', 'is not', null)
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
      const rows = await db.selectFrom('status_lists').select(STATE_COLUMNS).orderBy('number').execute()
      return rows.map(toState)
    },
    findStatusList: async (number) => {
      const row = await db
        .selectFrom('status_lists')
        .selectAll()
        .where('number', '=', number)
        .executeTakeFirst()
      return row && { ...toState(row), jws: row.jws }
    },
    saveStatusList: async ({
      number,
      version,
      jws,
      digest,
      signedAt,
      validUntil,
      allocated,
      neededUntil,
    }) => {
      const changed = { version, jws, digest, signed_at: signedAt, valid_until: validUntil }
      await db
        .insertInto('status_lists')
        .values({ number, ...changed, allocated, needed_until: neededUntil })
        .onConflict((conflict) => conflict.column('number').doUpdateSet(changed))
        .execute()
    },
  }
}

function toState(row: Omit<Selectable<AuthorityTables['status_lists']>, 'jws'>): StatusListState {
  return {
    number: row.number,
    version: row.version,
    digest: row.digest,
    signedAt: row.signed_at,
    validUntil: row.valid_until,
    allocated: row.allocated,
    neededUntil: row.needed_until,
  }
}
