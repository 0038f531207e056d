import { isJsonObject } from '@behalf/core'
import { approvalsNeeded, type IssuerEventType, type NewIssuerEvent } from '@behalf/issuer'
import type { AuthorityDatabase } from '../database-schema.ts'
import { readText } from '../json-column.ts'
import { principalOfRequest, readRequestRow } from '../request-rows.ts'
import { hasRole, type Person, seesEverything } from './person.ts'

/** What a page has to load again. */
export type Change = 'requests' | 'delegations' | 'people'

const CHANGES: Readonly<Record<IssuerEventType, readonly Change[]>> = {
  key_logged: [],
  api_registered: [],
  api_removed: [],
  auditor_added: [],
  auditor_removed: [],
  person_forgotten: ['people'],
  operator_created: ['people'],
  operator_removed: ['people'],
  policy_loaded: [],
  enrolled: ['requests', 'delegations'],
  enrolment_withdrawn: ['requests', 'delegations'],
  // Where an agent runs is told beside what it asks for.
  workload_proven: ['requests'],
  requested: ['requests'],
  policy_decided: ['requests'],
  approved: ['requests'],
  denied: ['requests'],
  issued: ['delegations'],
  collected: ['requests'],
  sub_delegated: ['delegations'],
  token_exchanged: [],
  token_revoked: [],
  token_key_rotated: [],
  delegation_revoked: ['delegations'],
  key_revoked: ['requests', 'delegations'],
  principal_revoked: ['requests', 'delegations'],
  run_revoked: ['delegations'],
  issuer_key_revoked: ['delegations'],
  suspended: ['delegations'],
  resumed: ['delegations'],
  person_joined: ['people'],
  person_changed: ['people'],
  person_invited: ['people'],
  invitation_withdrawn: ['people'],
  passkey_added: ['people'],
  passkey_renamed: ['people'],
  passkey_removed: ['people'],
  recovery_codes_made: ['people'],
  recovery_code_used: ['people'],
  webhook_added: ['people'],
  webhook_removed: ['people'],
  browser_added: ['people'],
  browser_removed: ['people'],
}

/**
 * Returns what the page of this person has to load again after these events, each kind once: of others' business a
 * person learns nothing here, not even that something happened.
 */
export async function findChanges(
  db: AuthorityDatabase,
  person: Person,
  events: readonly NewIssuerEvent[],
): Promise<ReadonlySet<Change>> {
  const changes = new Set<Change>()
  for (const event of events) for (const change of await findChange(db, person, event)) changes.add(change)
  return changes
}

async function findChange(
  db: AuthorityDatabase,
  person: Person,
  event: NewIssuerEvent,
): Promise<readonly Change[]> {
  const all = CHANGES[event.type]
  if (seesEverything(person) || isOwn(event, person)) return all
  if (event.type === 'key_revoked') return (await hasAgent(db, person, event)) ? all : []
  if (!all.includes('requests')) return []
  return (await isSecond(db, person, event)) ? ['requests'] : []
}

function isOwn({ data }: NewIssuerEvent, { id }: Person): boolean {
  const { principal, person } = data
  return person === id || (isJsonObject(principal) && principal.id === id)
}

/** Whether the agent ever asked for something on behalf of the person. */
async function hasAgent(db: AuthorityDatabase, { id }: Person, { data }: NewIssuerEvent): Promise<boolean> {
  const asked = await db
    .selectFrom('requests')
    .select('id')
    .where('agent', '=', readText(data['subject']))
    .where(principalOfRequest, '=', id)
    .limit(1)
    .executeTakeFirst()
  return asked !== undefined
}

/** Whether the person may be, or might have been, the second to approve the request that an event is about. */
async function isSecond(db: AuthorityDatabase, person: Person, { data }: NewIssuerEvent): Promise<boolean> {
  if (!hasRole(person, 'approver') || typeof data['request'] !== 'string') return false
  const row = await db.selectFrom('requests').selectAll().where('id', '=', data['request']).executeTakeFirst()
  if (!row) return false
  const { approvals, policy, terms } = readRequestRow(row)
  return approvalsNeeded(policy) === 2 && approvals.length > 0 && terms.onBehalfOf.tenant === person.tenant
}
