import type { JsonObject } from '@behalf/core'
import { describeWorkload, type IssuerTransaction, type Workload, type WorkloadProof } from '@behalf/issuer'
import { type Selectable, type SqlBool, sql } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from '../database-schema.ts'
import { readJsonColumn, readObject, readText } from '../json-column.ts'

type WorkloadPart = Pick<
  IssuerTransaction,
  'insertWorkloadProof' | 'findWorkloadProof' | 'findWorkload' | 'wasWithdrawn'
>

/** The part of an issuer's transaction that keeps where keys were proven to run. */
export function createWorkloadRows(db: AuthorityDatabase): WorkloadPart {
  return {
    insertWorkloadProof: async (proof) => {
      const { digest, agent, validUntil, provenAt } = proof
      const workload = JSON.stringify(describeWorkload(proof))
      const row = { digest, agent, workload_json: workload, valid_until: validUntil, proven_at: provenAt }
      await db.insertInto('workload_proofs').values(row).execute()
    },
    findWorkloadProof: async (digest) => {
      const row = await db
        .selectFrom('workload_proofs')
        .selectAll()
        .where('digest', '=', digest)
        .executeTakeFirst()
      return row && fromRow(row)
    },
    findWorkload: async (agent, now) => {
      const row = await db
        .selectFrom('workload_proofs')
        .selectAll()
        .where('agent', '=', agent)
        .orderBy('number', 'desc')
        .limit(1)
        .executeTakeFirst()
      return row && row.valid_until > now ? fromRow(row) : undefined
    },
    wasWithdrawn: async ({ createdBy, workload: { issuer, subject } }) => {
      const row = await db
        .selectFrom('enrolments')
        .select('id')
        .where('created_by', '=', createdBy)
        .where('withdrawn_at', 'is not', null)
        .where(sql<SqlBool>`workload_json ->> '$.issuer' = ${issuer}`)
        .where(sql<SqlBool>`workload_json ->> '$.subject' = ${subject}`)
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
    },
  }
}

/** Reads a workload out of the JSON that it was written as. */
export function readWorkload(value: JsonObject): Workload {
  const { type } = value
  if (type !== 'jwt' && type !== 'x509') throw new Error('A workload is of an unknown type')
  const claims = readObject(value['claims'])
  return {
    type,
    issuer: readText(value['issuer']),
    subject: readText(value['subject']),
    claims: Object.fromEntries(Object.entries(claims).map(([name, claim]) => [name, readText(claim)])),
  }
}

function fromRow(row: Selectable<AuthorityTables['workload_proofs']>): WorkloadProof {
  const { digest, agent, workload_json: workload, valid_until: validUntil, proven_at: provenAt } = row
  return { ...readWorkload(readJsonColumn(workload)), digest, agent, validUntil, provenAt }
}
