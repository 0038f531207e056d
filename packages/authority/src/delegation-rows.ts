import type { DelegationFilter, DelegationRecord, IssuerTransaction, Revocation } from '@behalf/issuer'
import { type Insertable, type RawBuilder, type Selectable, type SelectQueryBuilder, sql } from 'kysely'
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
      const above = await findRevokedAbove(db, filter)
      return rows.map((row) => ({ ...fromRow(row), ...optional('revokedAbove', above.get(row.id) ?? null) }))
    },
    markRevoked: async (id, { at, by, reason }) => {
      await db
        .updateTable('delegations')
        .set({ revoked_at: at, revoked_by: by, revoked_reason: reason ?? null })
        .where('id', '=', id)
        .where('revoked_at', 'is', null)
        .execute()
    },
  }
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

/** Of each of these delegations below a revoked one: the nearest revoked above it. */
async function findRevokedAbove(
  db: AuthorityDatabase,
  filter: DelegationFilter,
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
            .where('delegations.revoked_at', 'is', null)
            .where('delegations.parent_id', 'is not', null),
        ),
    )
    .selectFrom('ancestry')
    .innerJoin('delegations', 'delegations.id', 'ancestry.above')
    .select(['ancestry.id as id', 'delegations.id as above'])
    .where('delegations.revoked_at', 'is not', null)
    .execute()
  return new Map(rows.map(({ id, above }) => [id, above]))
}

function toRow(delegation: DelegationRecord): Insertable<AuthorityTables['delegations']> {
  const { issued, revoked, status } = delegation
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
    ...optional('revoked', readRevocation(row)),
  }
}

function readIssued({ request_id, jws, evidence_json }: DelegationRow): DelegationRecord['issued'] {
  if (request_id === null || jws === null || evidence_json === null) return undefined
  return { requestId: request_id, jws, evidence: readJsonColumn(evidence_json) }
}

function readRevocation({ revoked_at, revoked_by, revoked_reason }: DelegationRow): Revocation | undefined {
  if (revoked_at === null || revoked_by === null) return undefined
  return { at: revoked_at, by: revoked_by, ...optional('reason', revoked_reason) }
}
