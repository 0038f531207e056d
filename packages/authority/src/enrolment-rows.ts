import { parseJson } from '@behalf/core'
import type { Enrolment, IssuerTransaction } from '@behalf/issuer'
import type { Insertable, Selectable } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from './database-schema.ts'
import { optional, readCapabilities, readJsonColumn, readText } from './json-column.ts'
import { readOnBehalfOf } from './request-rows.ts'
import { readWorkload } from './workload/workload-rows.ts'

type EnrolmentPart = Pick<
  IssuerTransaction,
  'insertEnrolment' | 'findEnrolment' | 'saveEnrolment' | 'listEnrolments'
>

/** The part of an issuer's transaction that keeps enrolments. */
export function createEnrolmentRows(db: AuthorityDatabase): EnrolmentPart {
  return {
    insertEnrolment: async (enrolment) => {
      await db.insertInto('enrolments').values(toRow(enrolment)).execute()
    },
    findEnrolment: async (id) => {
      const row = await db.selectFrom('enrolments').selectAll().where('id', '=', id).executeTakeFirst()
      return row && fromRow(row)
    },
    saveEnrolment: async (enrolment) => {
      await db.updateTable('enrolments').set(toRow(enrolment)).where('id', '=', enrolment.id).execute()
    },
    listEnrolments: async ({ agent, now, limit }) => {
      let query = db
        .selectFrom('enrolments')
        .selectAll()
        .where('withdrawn_at', 'is', null)
        .where((where) => where.or([where('valid_until', 'is', null), where('valid_until', '>', now)]))
        .orderBy('number', 'desc')
        .limit(limit)
      if (agent !== undefined) query = query.where('agent', '=', agent)
      return (await query.execute()).map(fromRow)
    },
  }
}

function readEnrolledWorkload(text: string): NonNullable<Enrolment['workload']> {
  const value = readJsonColumn(text)
  return { ...readWorkload(value), digest: readText(value['digest']) }
}

function toRow(enrolment: Enrolment): Insertable<AuthorityTables['enrolments']> {
  return {
    id: enrolment.id,
    agent: enrolment.agent,
    on_behalf_of_json: JSON.stringify(enrolment.onBehalfOf),
    capabilities_json: JSON.stringify(enrolment.capabilities),
    max_seconds: enrolment.maxSeconds,
    max_delegation_depth: enrolment.maxDelegationDepth,
    valid_until: enrolment.validUntil ?? null,
    created_at: enrolment.createdAt,
    created_by: enrolment.createdBy,
    withdrawn_at: enrolment.withdrawnAt ?? null,
    workload_json: enrolment.workload === undefined ? null : JSON.stringify(enrolment.workload),
  }
}

function fromRow(row: Selectable<AuthorityTables['enrolments']>): Enrolment {
  return {
    id: row.id,
    agent: row.agent,
    onBehalfOf: readOnBehalfOf(readJsonColumn(row.on_behalf_of_json)),
    capabilities: readCapabilities(parseJson(row.capabilities_json)),
    maxSeconds: row.max_seconds,
    maxDelegationDepth: row.max_delegation_depth,
    ...optional('validUntil', row.valid_until),
    createdAt: row.created_at,
    createdBy: row.created_by,
    ...optional('withdrawnAt', row.withdrawn_at),
    ...optional('workload', row.workload_json === null ? null : readEnrolledWorkload(row.workload_json)),
  }
}
