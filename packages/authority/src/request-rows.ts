import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import type { OnBehalfOf } from '@behalf/credential'
import type {
  DelegationRequest,
  IssuerTransaction,
  PersonalApproval,
  PolicyDecision,
  PolicyEffect,
  RequestedTerms,
} from '@behalf/issuer'
import { type Insertable, type RawBuilder, type Selectable, sql } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from './database-schema.ts'
import {
  optional,
  readCapabilities,
  readJsonColumn,
  readList,
  readNumber,
  readObject,
  readText,
} from './json-column.ts'

type RequestPart = Pick<
  IssuerTransaction,
  | 'insertRequest'
  | 'findRequest'
  | 'saveRequest'
  | 'listRequests'
  | 'listPendingOf'
  | 'wasApproved'
  | 'findFirstRequestTime'
>

/** The id of a request's principal; an index holds it. */
export const principalOfRequest: RawBuilder<string> = sql<string>`json_extract(terms_json, '$.onBehalfOf.id')`

const EFFECTS: readonly PolicyEffect[] = ['approve-enrolled', 'ask-one', 'ask-two', 'refuse']

/** The part of an issuer's transaction that keeps requests. */
export function createRequestRows(db: AuthorityDatabase): RequestPart {
  return {
    insertRequest: async (request) => {
      await db.insertInto('requests').values(toRow(request)).execute()
    },
    findRequest: async (id) => {
      const row = await db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst()
      return row && readRequestRow(row)
    },
    saveRequest: async (request) => {
      await db.updateTable('requests').set(toRow(request)).where('id', '=', request.id).execute()
    },
    listRequests: async ({ status, now, limit }) => {
      const stored = status === 'expired' ? 'pending' : status
      let query = db.selectFrom('requests').selectAll().orderBy('number', 'desc').limit(limit)
      if (stored !== undefined) query = query.where('status', '=', stored)
      if (status === 'pending') query = query.where('expires_at', '>', now)
      if (status === 'expired') query = query.where('expires_at', '<=', now)
      return (await query.execute()).map(readRequestRow)
    },
    listPendingOf: async (agent, now) => {
      const rows = await db
        .selectFrom('requests')
        .selectAll()
        .where('status', '=', 'pending')
        .where('agent', '=', agent)
        .where('expires_at', '>', now)
        .orderBy('number', 'desc')
        .execute()
      return rows.map(readRequestRow)
    },
    wasApproved: async (agent, principal) => {
      const row = await db
        .selectFrom('requests')
        .select('number')
        .where('agent', '=', agent)
        .where(principalOfRequest, '=', principal)
        .where('status', '=', 'approved')
        .executeTakeFirst()
      return row !== undefined
    },
    findFirstRequestTime: async (agent) => {
      const row = await db
        .selectFrom('requests')
        .select('requested_at')
        .where('agent', '=', agent)
        .orderBy('number')
        .executeTakeFirst()
      return row?.requested_at
    },
  }
}

function toRow(request: DelegationRequest): Insertable<AuthorityTables['requests']> {
  return {
    id: request.id,
    version: request.version,
    agent: request.agent,
    agent_name: request.agentName ?? null,
    terms_json: JSON.stringify(request.terms),
    policy_json: JSON.stringify(request.policy),
    stranger: request.stranger ? 1 : 0,
    status: request.status,
    requested_at: request.requestedAt,
    expires_at: request.expiresAt,
    last_polled_at: request.lastPolledAt ?? null,
    decided_at: request.decidedAt ?? null,
    decided_by: request.decidedBy ?? null,
    reason: request.reason ?? null,
    delegation_id: request.delegationId ?? null,
    collected_at: request.collectedAt ?? null,
    approvals_json: JSON.stringify(request.approvals),
    half: request.half ?? null,
  }
}

/** Reads a row of requests. */
export function readRequestRow(row: Selectable<AuthorityTables['requests']>): DelegationRequest {
  return {
    id: row.id,
    version: row.version,
    agent: row.agent,
    ...optional('agentName', row.agent_name),
    terms: readTerms(readJsonColumn(row.terms_json)),
    policy: readPolicy(readJsonColumn(row.policy_json)),
    ...(row.stranger === 1 && { stranger: true }),
    status: row.status,
    requestedAt: row.requested_at,
    expiresAt: row.expires_at,
    ...optional('lastPolledAt', row.last_polled_at),
    ...optional('decidedAt', row.decided_at),
    ...optional('decidedBy', row.decided_by),
    ...optional('reason', row.reason),
    ...optional('delegationId', row.delegation_id),
    ...optional('collectedAt', row.collected_at),
    approvals: readList(parseJson(row.approvals_json)).map(readApproval),
    ...optional('half', row.half),
  }
}

function readApproval(value: JsonValue): PersonalApproval {
  const { by, at } = readObject(value)
  return { by: readText(by), at: readNumber(at) }
}

function readTerms(terms: JsonObject): RequestedTerms {
  const { workflow, maxUses } = terms
  return {
    onBehalfOf: readOnBehalfOf(terms['onBehalfOf']),
    capabilities: readCapabilities(terms['capabilities']),
    validForSeconds: readNumber(terms['validForSeconds']),
    ...(maxUses !== undefined && { maxUses: readNumber(maxUses) }),
    maxDelegationDepth: readNumber(terms['maxDelegationDepth']),
    purpose: readText(terms['purpose']),
    ...(isJsonObject(workflow) && {
      workflow: {
        id: readText(workflow['id']),
        ...(workflow['run'] !== undefined && { run: readText(workflow['run']) }),
      },
    }),
  }
}

function readPolicy(policy: JsonObject): PolicyDecision {
  const { rule, reason } = policy
  const decision = EFFECTS.find((effect) => effect === policy['decision'])
  if (decision === undefined) throw new Error('A policy column holds an unknown decision')
  return {
    id: readText(policy['id']),
    digest: readText(policy['digest']),
    decision,
    ...(rule !== undefined && { rule: readText(rule) }),
    ...(reason !== undefined && { reason: readText(reason) }),
  }
}

/** Reads the JSON form of a principal within its issuer. */
export function readOnBehalfOf(value: JsonValue | undefined): OnBehalfOf {
  if (!isJsonObject(value)) throw new Error('A column misses a principal')
  const { role, tenant } = value
  return {
    id: readText(value['id']),
    ...(role !== undefined && { role: readText(role) }),
    ...(tenant !== undefined && { tenant: readText(tenant) }),
  }
}
