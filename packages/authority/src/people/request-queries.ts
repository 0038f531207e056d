import { concernsPerson, type DelegationRequest } from '@behalf/issuer'
import { type ExpressionBuilder, type ExpressionWrapper, type SqlBool, sql } from 'kysely'
import type { AuthorityDatabase, AuthorityTables } from '../database-schema.ts'
import { AuthorityError } from '../error.ts'
import { principalOfRequest, readRequestRow } from '../request-rows.ts'
import { hasRole, type Person, seesEverything, toApprover } from './person.ts'

const LIMIT = 200

/**
 * Returns the requests that are the person's business, newest first: their own, those that wait for a second approval
 * they may give, those they approved or refused as the second, and all of them for operators and auditors.
 */
export async function listVisibleRequests(
  db: AuthorityDatabase,
  person: Person,
  { state, now }: { readonly state: 'pending' | 'decided' | undefined; readonly now: number },
): Promise<readonly DelegationRequest[]> {
  let query = db.selectFrom('requests').selectAll().orderBy('number', 'desc').limit(LIMIT)
  if (state === 'pending') query = query.where('status', '=', 'pending').where('expires_at', '>', now)
  if (state === 'decided') {
    query = query.where((where) =>
      where.or([where('status', '<>', 'pending'), where('expires_at', '<=', now)]),
    )
  }
  if (!seesEverything(person)) query = query.where((where) => isBusinessOf(where, person))
  return (await query.execute()).map(readRequestRow)
}

/**
 * Returns a request that is the person's business.
 *
 * @throws AuthorityError `not_found`
 */
export async function findVisibleRequest(
  db: AuthorityDatabase,
  person: Person,
  id: string,
): Promise<DelegationRequest> {
  const row = await db.selectFrom('requests').selectAll().where('id', '=', id).executeTakeFirst()
  const request = row && readRequestRow(row)
  if (request && (seesEverything(person) || isConcerned(request, person))) return request
  throw new AuthorityError('not_found', 'There is no such request')
}

/** Whether the person decides about the request, could, or did. */
export function isConcerned(request: DelegationRequest, person: Person): boolean {
  if (request.terms.onBehalfOf.id === person.id) return true
  return (
    hasRole(person, 'approver') && (concernsPerson(request, toApprover(person)) || tookPart(request, person))
  )
}

// Only after a first approval can somebody else have decided; before, `decidedBy` may also be the id of a policy.
function tookPart({ approvals, decidedBy }: DelegationRequest, { id }: Person): boolean {
  return approvals.length > 0 && (decidedBy === id || approvals.some(({ by }) => by === id))
}

function isBusinessOf(
  where: ExpressionBuilder<AuthorityTables, 'requests'>,
  person: Person,
): ExpressionWrapper<AuthorityTables, 'requests', SqlBool> {
  const own = where(principalOfRequest, '=', person.id)
  if (!hasRole(person, 'approver')) return own
  const tenant = sql<string | null>`json_extract(terms_json, '$.onBehalfOf.tenant')`
  const second = where.and([where('half', 'is not', null), where(tenant, 'is', person.tenant ?? null)])
  const approved = sql<SqlBool>`exists (select 1 from json_each(approvals_json) where value ->> '$.by' = ${person.id})`
  const refused = where.and([where('decided_by', '=', person.id), where('approvals_json', '<>', '[]')])
  return where.or([own, second, approved, refused])
}
