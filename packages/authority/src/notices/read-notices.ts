import { isJsonObject, type JsonObject } from '@behalf/core'
import { fingerprintAgent } from '@behalf/credential'
import type { DelegationRequest, IssuerEventType, NewIssuerEvent } from '@behalf/issuer'
import type { AuthorityDatabase } from '../database-schema.ts'
import { principalOfDelegation } from '../delegation-rows.ts'
import { formatTime } from '../format-time.ts'
import { readText } from '../json-column.ts'
import { hasRole, type Person } from '../people/person.ts'
import { createPersonRows } from '../people/person-rows.ts'
import { readRequestRow } from '../request-rows.ts'
import type { Notice } from './notice.ts'

/** What notices are read with: within the transaction of the event, and where the page is. */
export interface ReadNoticesContext {
  readonly db: AuthorityDatabase
  readonly origin: string
}

type Reader = (context: ReadNoticesContext, event: NewIssuerEvent) => Promise<readonly Notice[]>

const MAX_NAME_LENGTH = 100
const READERS: Readonly<Partial<Record<IssuerEventType, Reader>>> = {
  policy_decided: readAsked,
  approved: readHalfApproved,
  delegation_revoked: readRevoked,
  key_revoked: readStoppedAgent,
}

/** Returns what people are to be told because of an event; it and what it is about are on record already. */
export async function readNotices(
  context: ReadNoticesContext,
  event: NewIssuerEvent,
): Promise<readonly Notice[]> {
  return (await READERS[event.type]?.(context, event)) ?? []
}

/** Returns what the person of a request is told once nobody can decide it any more. */
export function createExpiredNotice(origin: string, request: DelegationRequest): Notice {
  return {
    type: 'request.expired',
    about: request.id,
    persons: [request.terms.onBehalfOf.id],
    data: describeRequest(origin, request),
  }
}

async function readAsked({ db, origin }: ReadNoticesContext, { data }: NewIssuerEvent): Promise<Notice[]> {
  if (data['decision'] !== 'ask-one' && data['decision'] !== 'ask-two') return []
  const request = await findRequest(db, data)
  const person = request && (await createPersonRows(db).find(request.terms.onBehalfOf.id))
  if (!request || !person || !mayApprove(person)) return []
  return [createWaitingNotice(origin, request, { persons: [person.id], approval: 1 })]
}

/** The first of two people approved: those who may be the second are told. The request still is as it was before. */
async function readHalfApproved(
  { db, origin }: ReadNoticesContext,
  { data }: NewIssuerEvent,
): Promise<Notice[]> {
  const request = await findRequest(db, data)
  if (request?.policy.decision !== 'ask-two' || data['method'] === 'operator') return []
  if (request.approvals.length > 0) return []
  const people = await createPersonRows(db).list()
  const persons = people.filter(
    (person) =>
      mayApprove(person) && person.id !== data['by'] && person.tenant === request.terms.onBehalfOf.tenant,
  )
  return [createWaitingNotice(origin, request, { persons: persons.map(({ id }) => id), approval: 2 })]
}

async function readRevoked({ origin }: ReadNoticesContext, { data }: NewIssuerEvent): Promise<Notice[]> {
  const { delegation, root, subject, principal, by } = data
  const person = isJsonObject(principal) ? principal['id'] : undefined
  // What lies below ends with its root, and whoever passed it on may take it back.
  if (delegation !== root || typeof person !== 'string' || by === person) return []
  const agent = readText(subject)
  const about = readText(delegation)
  return [
    {
      type: 'delegation.revoked',
      about,
      persons: [person],
      data: { delegation: about, ...describeAgent(agent), by: readText(by), url: `${origin}/history` },
    },
  ]
}

async function readStoppedAgent(
  { db, origin }: ReadNoticesContext,
  { data, time }: NewIssuerEvent,
): Promise<Notice[]> {
  const agent = readText(data['subject'])
  const by = readText(data['by'])
  const rows = await db
    .selectFrom('delegations')
    .select(principalOfDelegation.as('person'))
    .distinct()
    .where('subject', '=', agent)
    .where('revoked_at', 'is', null)
    .where('valid_until', '>', time)
    .execute()
  const persons = rows.map(({ person }) => person).filter((person) => person !== by)
  const about = { ...describeAgent(agent), by, url: `${origin}/history` }
  return [{ type: 'delegation.revoked', about: agent, persons, data: about }]
}

async function findRequest(db: AuthorityDatabase, data: JsonObject): Promise<DelegationRequest | undefined> {
  const id = readText(data['request'])
  const row = await db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst()
  return row && readRequestRow(row)
}

function mayApprove(person: Person): boolean {
  return person.disabledAt === undefined && hasRole(person, 'approver')
}

function createWaitingNotice(
  origin: string,
  request: DelegationRequest,
  { persons, approval }: { readonly persons: readonly string[]; readonly approval: 1 | 2 },
): Notice {
  const { id, expiresAt } = request
  const data = { ...describeRequest(origin, request), approval }
  return { type: 'request.waiting', about: id, persons, data, expiresAt }
}

function describeRequest(origin: string, request: DelegationRequest): JsonObject {
  const { id, agent, agentName, terms, expiresAt } = request
  return {
    request: id,
    on_behalf_of: terms.onBehalfOf.id,
    ...describeAgent(agent),
    ...(agentName !== undefined && { agent_name: quoteName(agentName) }),
    expires_at: formatTime(expiresAt),
    url: `${origin}/approve/${id}`,
  }
}

function describeAgent(agent: string): { readonly agent: string; readonly agent_fingerprint: string } {
  return { agent, agent_fingerprint: fingerprintAgent(agent) }
}

/**
 * A name is hostile text, and a notice is shown in chats and mails that give characters a meaning: what is no letter,
 * digit, space, point or hyphen stands as `\u{…}`.
 */
function quoteName(name: string): string {
  const shown = Array.from(name).slice(0, MAX_NAME_LENGTH).join('')
  return shown.replaceAll(
    /[^\p{L}\p{N}\p{M} .-]|\p{Default_Ignorable_Code_Point}/gu,
    (mark) => `\\u{${(mark.codePointAt(0) ?? 0).toString(16)}}`,
  )
}
