import { isJsonObject } from '@behalf/core'
import type { IssuerEvent, IssuerEventType, IssuerTransaction } from '@behalf/issuer'
import { type Selectable, sql } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from './database-schema.ts'
import { readJsonColumn } from './json-column.ts'
import { traceOfCall } from './telemetry/call-trace.ts'

type EventPart = Pick<IssuerTransaction, 'appendEvent' | 'listEvents' | 'findLastEvent' | 'findPolicy'>

const TYPES: readonly IssuerEventType[] = [
  'key_logged',
  'api_registered',
  'api_removed',
  'auditor_added',
  'auditor_removed',
  'person_forgotten',
  'operator_created',
  'policy_loaded',
  'enrolled',
  'enrolment_withdrawn',
  'workload_proven',
  'requested',
  'policy_decided',
  'approved',
  'denied',
  'issued',
  'collected',
  'sub_delegated',
  'token_exchanged',
  'token_revoked',
  'token_key_rotated',
  'delegation_revoked',
  'key_revoked',
  'principal_revoked',
  'run_revoked',
  'issuer_key_revoked',
  'suspended',
  'resumed',
  'operator_removed',
  'person_joined',
  'person_changed',
  'person_invited',
  'invitation_withdrawn',
  'passkey_added',
  'passkey_renamed',
  'passkey_removed',
  'recovery_codes_made',
  'recovery_code_used',
  'webhook_added',
  'webhook_removed',
  'browser_added',
  'browser_removed',
]

/** The part of an issuer's transaction that keeps the append-only record. */
export function createEventRows(db: AuthorityDatabase): EventPart {
  return {
    appendEvent: async ({ time, type, data }) => {
      const traceparent = traceOfCall()
      const told = traceparent === undefined ? data : { ...data, traceparent }
      await db
        .insertInto('events')
        .values({ time, type, data_json: JSON.stringify(told) })
        .execute()
    },
    listEvents: async ({ after, limit }) => {
      const rows = await db
        .selectFrom('events')
        .selectAll()
        .where('sequence', '>', after)
        .orderBy('sequence')
        .limit(limit)
        .execute()
      return rows.map(readEventRow)
    },
    findLastEvent: async (type) => {
      const row = await db
        .selectFrom('events')
        .selectAll()
        .where('type', '=', type)
        .orderBy('sequence', 'desc')
        .executeTakeFirst()
      return row && readEventRow(row)
    },
    findPolicy: async (digest) => {
      const row = await db
        .selectFrom('events')
        .selectAll()
        .where('type', '=', 'policy_loaded')
        .where(sql`json_extract(data_json, '$.digest')`, '=', digest)
        .executeTakeFirst()
      const document = row && readEventRow(row).data['document']
      return isJsonObject(document) ? document : undefined
    },
  }
}

/** Reads a row of the record. */
export function readEventRow(row: Selectable<AuthorityTables['events']>): IssuerEvent {
  const type = TYPES.find((known) => known === row.type)
  if (type === undefined) throw new Error('The record holds an event of an unknown type')
  return { sequence: row.sequence, time: row.time, type, data: readJsonColumn(row.data_json) }
}
