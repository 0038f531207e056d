import { isJsonObject, type JsonObject } from '@behalf/core'
import { fingerprintAgent, formatDateTime, renderDelegation } from '@behalf/credential'
import { approvalsNeeded, type DelegationRequest, requestStatus } from '@behalf/issuer'
import { sql } from 'kysely'
import { formatTime } from '../format-time.ts'
import { readJsonColumn } from '../json-column.ts'
import { principalOfRequest } from '../request-rows.ts'
import { requestToWire } from '../to-wire.ts'
import { findAgentWorkloads } from '../workload/agent-workload.ts'
import { findNameWarnings } from './name-warnings.ts'
import type { PeopleContext } from './people-context.ts'
import { hasRole, type Person } from './person.ts'
import { isConcerned } from './request-queries.ts'

/** Whose turn a request is, for the person who looks at it. */
export type Turn = 'yours' | 'second' | 'theirs' | 'none'

/** Returns a request with everything that helps a person to decide about it. */
export async function viewRequest(
  context: PeopleContext,
  person: Person,
  request: DelegationRequest,
): Promise<JsonObject> {
  const now = context.clock()
  const payload = await context.issuer.previewRequest(request)
  const { sentences } = renderDelegation(payload)
  const previous = await findPrevious(context, request, payload)
  return {
    ...requestToWire(request, { origin: context.origin, now }),
    agent_fingerprint: fingerprintAgent(request.agent),
    ...(await describeAgent(context, request)),
    sentences: [...sentences],
    ...(previous && { previous }),
    ...describeApproval(payload),
    approvals_needed: approvalsNeeded(request.policy),
    approvals: request.approvals.map(({ by, at }) => ({ by, at: formatTime(at) })),
    turn: turnOf(request, person, now),
  }
}

/** How it was approved, once it is. */
function describeApproval({ credentialSubject }: JsonObject): JsonObject {
  const approval = isJsonObject(credentialSubject) ? credentialSubject.approval : undefined
  return isJsonObject(approval) && approval.method !== undefined ? { approval_method: approval.method } : {}
}

function turnOf(request: DelegationRequest, person: Person, now: number): Turn {
  if (requestStatus(request, now) !== 'pending') return 'none'
  if (!hasRole(person, 'approver') || !isConcerned(request, person)) return 'theirs'
  if (request.approvals.some(({ by }) => by === person.id)) return 'theirs'
  return request.half === undefined ? 'yours' : 'second'
}

/** What is known here about the agent that asks. */
async function describeAgent(
  { database, issuer }: PeopleContext,
  request: DelegationRequest,
): Promise<JsonObject> {
  const { agent, agentName, terms } = request
  const first = await database
    .selectFrom('requests')
    .select('requested_at')
    .where('agent', '=', agent)
    .orderBy('number')
    .limit(1)
    .executeTakeFirstOrThrow()
  const enrolments = await issuer.listEnrolments({ agent })
  const isUsed = agentName !== undefined && (await isNameUsed(database, request, agentName))
  const workloadOf = await findAgentWorkloads(issuer, [agent])
  return {
    ...workloadOf(agent),
    agent_first_seen: formatTime(first.requested_at),
    agent_enrolled: enrolments.some(({ onBehalfOf }) => onBehalfOf.id === terms.onBehalfOf.id),
    name_warnings: agentName === undefined ? [] : [...findNameWarnings(agentName, isUsed)],
  }
}

async function isNameUsed(
  database: PeopleContext['database'],
  { agent, terms }: DelegationRequest,
  name: string,
): Promise<boolean> {
  const other = await database
    .selectFrom('requests')
    .select('id')
    .where(principalOfRequest, '=', terms.onBehalfOf.id)
    .where('agent', '<>', agent)
    .where(sql`lower(agent_name)`, '=', name.toLowerCase())
    .limit(1)
    .executeTakeFirst()
  return other !== undefined
}

/** What this agent was last approved for on behalf of the same principal, and how this request differs from it. */
async function findPrevious(
  { database }: PeopleContext,
  request: DelegationRequest,
  payload: JsonObject,
): Promise<JsonObject | undefined> {
  const row = await database
    .selectFrom('requests')
    .innerJoin('delegations', 'delegations.id', 'requests.delegation_id')
    .select(['requests.decided_at', 'delegations.payload_json'])
    .where('requests.agent', '=', request.agent)
    .where(sql`json_extract(requests.terms_json, '$.onBehalfOf.id')`, '=', request.terms.onBehalfOf.id)
    .where('requests.id', '<>', request.id)
    .where('requests.decided_at', '<=', request.decidedAt ?? Number.MAX_SAFE_INTEGER)
    .orderBy('requests.decided_at', 'desc')
    .orderBy('requests.number', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (!row || row.decided_at === null) return undefined
  const before = startingLike(readJsonColumn(row.payload_json), payload)
  return { decided_at: formatTime(row.decided_at), differences: [...findDifferences(before, payload)] }
}

/** The sentences that one has and the other has not. */
function findDifferences(before: JsonObject, after: JsonObject): readonly string[] {
  const [old, fresh] = [renderDelegation(before).sentences, renderDelegation(after).sentences]
  return [
    ...fresh.filter((sentence) => !old.includes(sentence)).map((sentence) => `New: ${sentence}`),
    ...old.filter((sentence) => !fresh.includes(sentence)).map((sentence) => `Before: ${sentence}`),
  ]
}

/** The terms of before as if they began now: when they began is no difference, how long they hold is. */
function startingLike(before: JsonObject, now: JsonObject): JsonObject {
  const [from, until, start] = [before.validFrom, before.validUntil, now.validFrom].map((time) =>
    typeof time === 'string' ? Date.parse(time) : Number.NaN,
  )
  if (from === undefined || until === undefined || start === undefined) return before
  return { ...before, validFrom: formatDateTime(start), validUntil: formatDateTime(start + until - from) }
}
