import type { DelegationFilter, DelegationRecord, IssuerTransaction, Revocation } from '@behalf/issuer'
import {
  type Insertable,
  type RawBuilder,
  type Selectable,
  type SelectQueryBuilder,
  sql,
  type UpdateQueryBuilder,
  type UpdateResult,
} from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from './database-schema.ts'
import { optional, readJsonColumn } from './json-column.ts'
import { readOnBehalfOf } from './request-rows.ts'

type DelegationPart = Pick<
  IssuerTransaction,
  | 'insertDelegation'
  | 'findDelegation'
  | 'countChildren'
  | 'listLiveDelegations'
  | 'listDelegations'
  | 'markRevoked'
  | 'markSuspended'
  | 'markResumed'
  | 'insertRevokedKey'
  | 'findRevokedKey'
  | 'listRevokedKeys'
>
/** The id of a delegation's principal; an index holds it. */
export const principalOfDelegation: RawBuilder<string> = sql<string>`json_extract(on_behalf_of_json, '$.id')`

/** The workflow of a delegation; an index holds it. */
const workflowOfDelegation: RawBuilder<string> = sql<string>`json_extract(payload_json, '$.credentialSubject.workflow.id')`
const runOfDelegation: RawBuilder<string> = sql<string>`json_extract(payload_json, '$.credentialSubject.workflow.run')`

type DelegationRow = Selectable<AuthorityTables['delegations']>

/** The part of an issuer's transaction that keeps delegations and revoked keys. */
export function createDelegationRows(db: AuthorityDatabase): DelegationPart {
  return {
    ...createLedgerRows(db),
    insertRevokedKey: async ({ agent, at, by, reason }) => {
      const row = { agent, revoked_at: at, revoked_by: by, reason: reason ?? null }
      await db.insertInto('revoked_keys').values(row).execute()
    },
    findRevokedKey: async (agent) => {
      const row = await db
        .selectFrom('revoked_keys')
        .selectAll()
        .where('agent', '=', agent)
        .executeTakeFirst()
      return row && { agent, at: row.revoked_at, by: row.revoked_by, ...optional('reason', row.reason) }
    },
    listRevokedKeys: async () => {
      const rows = await db.selectFrom('revoked_keys').select('agent').orderBy('agent').execute()
      return rows.map((row) => row.agent)
    },
  }
}

function createLedgerRows(
  db: AuthorityDatabase,
): Omit<DelegationPart, 'insertRevokedKey' | 'findRevokedKey' | 'listRevokedKeys'> {
  return {
    insertDelegation: async (delegation) => {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('delegations')
        .values(toRow(delegation))
        .onConflict((conflict) => conflict.column('id').doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },
    findDelegation: async (id) => {
      const row = await db.selectFrom('delegations').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row)
    },
    countChildren: async (id) => {
      const { count } = await db
        .selectFrom('delegations')
        .select(({ fn }) => fn.countAll<number>().as('count'))
        .where('parent_id', '=', id)
        .executeTakeFirstOrThrow()
      return count
    },
    listLiveDelegations: async ({ principal, workflow, subject, now }) => {
      let query = db
        .selectFrom('delegations')
        .selectAll()
        .where('revoked_at', 'is', null)
        .where('valid_until', '>', now)
        .orderBy('number')
      if (principal !== undefined) query = query.where(principalOfDelegation, '=', principal)
      if (workflow !== undefined) query = query.where(workflowOfDelegation, '=', workflow.id)
      if (workflow?.run !== undefined) query = query.where(runOfDelegation, '=', workflow.run)
      if (subject !== undefined) query = query.where('subject', '=', subject)
      return (await query.execute()).map(fromRow)
    },
    listDelegations: async (filter) => {
      const rows = await selectNewest(db, filter).selectAll().execute()
      const revoked = await findAbove(db, filter, 'revoked_at')
      const suspended = await findAbove(db, filter, 'suspended_at')
      return rows.map((row) => ({
        ...fromRow(row),
        ...optional('revokedAbove', revoked.get(row.id) ?? null),
        ...optional('suspendedAbove', suspended.get(row.id) ?? null),
      }))
    },
    markRevoked: async (id, { at, by, reason }) => {
      const revoked = { revoked_at: at, revoked_by: by, revoked_reason: reason ?? null }
      await updateLiving(db, id).set(revoked).execute()
    },
    markSuspended: async (id, { at, by, reason }) => {
      const suspended = { suspended_at: at, suspended_by: by, suspended_reason: reason ?? null }
      await updateLiving(db, id).set(suspended).where('suspended_at', 'is', null).execute()
    },
    markResumed: async (id) => {
      await updateLiving(db, id)
        .set({ suspended_at: null, suspended_by: null, suspended_reason: null })
        .execute()
    },
  }
}

function updateLiving(
  db: AuthorityDatabase,
  id: string,
): UpdateQueryBuilder<AuthorityTables, 'delegations', 'delegations', UpdateResult> {
  return db.updateTable('delegations').where('id', '=', id).where('revoked_at', 'is', null)
}

function selectNewest(
  db: Pick<AuthorityDatabase, 'selectFrom'>,
  { principal, endsAfter, limit }: DelegationFilter,
): SelectQueryBuilder<AuthorityTables, 'delegations', object> {
  let query = db.selectFrom('delegations').orderBy('number', 'desc').limit(limit)
  if (principal !== undefined) query = query.where(principalOfDelegation, '=', principal)
  if (endsAfter !== undefined) query = query.where('valid_until', '>', endsAfter)
  return query
}

/** Of each of these delegations below a revoked, or a suspended one: the nearest such above it. */
async function findAbove(
  db: AuthorityDatabase,
  filter: DelegationFilter,
  since: 'revoked_at' | 'suspended_at',
): Promise<ReadonlyMap<string, string>> {
  const rows = await db
    .withRecursive('newest', () => selectNewest(db, filter).select(['id', 'parent_id']))
    .withRecursive('ancestry(id, above)', (query) =>
      query
        .selectFrom('newest')
        .select(['newest.id', 'newest.parent_id as above'])
        .where('newest.parent_id', 'is not', null)
        .unionAll((step) =>
          step
            .selectFrom('ancestry')
            .innerJoin('delegations', 'delegations.id', 'ancestry.above')
            .select(['ancestry.id', 'delegations.parent_id as above'])
            .where(`delegations.${since}`, 'is', null)
            .where('delegations.parent_id', 'is not', null),
        ),
    )
    .selectFrom('ancestry')
    .innerJoin('delegations', 'delegations.id', 'ancestry.above')
    .select(['ancestry.id as id', 'delegations.id as above'])
    .where(`delegations.${since}`, 'is not', null)
    .execute()
  return new Map(rows.map(({ id, above }) => [id, above]))
}

function toRow(delegation: DelegationRecord): Insertable<AuthorityTables['delegations']> {
  const { issued, revoked, suspended, status } = delegation
  return {
    id: delegation.id,
    parent_id: delegation.parentId ?? null,
    root_id: delegation.rootId,
    delegator: delegation.delegator,
    subject: delegation.subject,
    on_behalf_of_json: JSON.stringify(delegation.onBehalfOf),
    valid_from: delegation.validFrom,
    valid_until: delegation.validUntil,
    list: status.list,
    list_index: status.index,
    payload_json: JSON.stringify(delegation.payload),
    request_id: issued?.requestId ?? null,
    jws: issued?.jws ?? null,
    evidence_json: issued ? JSON.stringify(issued.evidence) : null,
    created_at: delegation.createdAt,
    revoked_at: revoked?.at ?? null,
    revoked_by: revoked?.by ?? null,
    revoked_reason: revoked?.reason ?? null,
    suspended_at: suspended?.at ?? null,
    suspended_by: suspended?.by ?? null,
    suspended_reason: suspended?.reason ?? null,
  }
}

function fromRow(row: DelegationRow): DelegationRecord {
  return {
    id: row.id,
    ...optional('parentId', row.parent_id),
    rootId: row.root_id,
    delegator: row.delegator,
    subject: row.subject,
    onBehalfOf: readOnBehalfOf(readJsonColumn(row.on_behalf_of_json)),
    validFrom: row.valid_from,
    validUntil: row.valid_until,
    status: { list: row.list, index: row.list_index },
    payload: readJsonColumn(row.payload_json),
    ...optional('issued', readIssued(row)),
    createdAt: row.created_at,
    ...optional('revoked', readRevocation(row.revoked_at, row.revoked_by, row.revoked_reason)),
    ...optional('suspended', readRevocation(row.suspended_at, row.suspended_by, row.suspended_reason)),
  }
}

function readIssued({ request_id, jws, evidence_json }: DelegationRow): DelegationRecord['issued'] {
  if (request_id === null || jws === null || evidence_json === null) return undefined
  return { requestId: request_id, jws, evidence: readJsonColumn(evidence_json) }
}

function readRevocation(at: number | null, by: string | null, reason: string | null): Revocation | undefined {
  if (at === null || by === null) return undefined
  return { at, by, ...optional('reason', reason) }
}
