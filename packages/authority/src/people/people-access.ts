import type { RouteName } from '../access.ts'
import { AuthorityError } from '../error.ts'
import { hasRole, seesEverything } from './person.ts'
import type { LiveSession } from './session.ts'

/**
 * Which people may call a route.
 *
 * - `anybody`: no session is needed; what the route needs instead is in its body.
 * - `person`: whoever is signed in, for what is their own.
 * - `approver`, `operator`: whoever has this role.
 * - `reader`: operators and auditors.
 */
export type PeopleAccess = 'anybody' | 'person' | 'approver' | 'operator' | 'reader'

/** The rule of every route for people. A route that is not here is not served. */
export const PEOPLE_ACCESS: Readonly<Record<RouteName, PeopleAccess>> = {
  'GET /api/session': 'anybody',
  'POST /api/claim/options': 'anybody',
  'POST /api/claim': 'anybody',
  'POST /api/join/options': 'anybody',
  'POST /api/join': 'anybody',
  'POST /api/recover/options': 'anybody',
  'POST /api/recover': 'anybody',
  'POST /api/login/options': 'anybody',
  'POST /api/login': 'anybody',
  'GET /api/oidc/start': 'anybody',
  'GET /api/oidc/callback': 'anybody',
  'POST /api/logout': 'person',
  'POST /api/logout-everywhere': 'person',
  'POST /api/step-up/options': 'person',
  'GET /api/passkeys': 'person',
  'POST /api/passkeys/options': 'person',
  'POST /api/passkeys': 'person',
  'PATCH /api/passkeys/{id}': 'person',
  'DELETE /api/passkeys/{id}': 'person',
  'POST /api/recovery-codes': 'person',
  'GET /api/invitations': 'operator',
  'POST /api/invitations': 'operator',
  'DELETE /api/invitations/{id}': 'operator',
  'GET /api/people': 'reader',
  'PATCH /api/people/{id}': 'operator',
  'GET /api/requests': 'person',
  'GET /api/requests/{id}': 'person',
  'POST /api/requests/{id}/deny': 'approver',
  'POST /api/approvals': 'approver',
  'POST /api/approvals/{id}': 'approver',
  'GET /api/enrolments': 'person',
  'POST /api/enrolments': 'approver',
  'DELETE /api/enrolments/{id}': 'person',
  'GET /api/delegations': 'person',
  // Whatever acts on behalf of a person, that person may stop, whichever roles they have.
  'POST /api/revocations': 'person',
  // Names only of APIs that delegations of theirs name.
  'GET /api/confirmations': 'person',
  'POST /api/suspensions': 'person',
  'POST /api/resumptions': 'person',
  'GET /api/webhooks': 'person',
  'POST /api/webhooks': 'person',
  'POST /api/webhooks/{id}/test': 'person',
  'DELETE /api/webhooks/{id}': 'person',
  'GET /api/push': 'person',
  'POST /api/push': 'person',
  'DELETE /api/push/{id}': 'person',
  'GET /api/history': 'person',
  // What concerns delegations of theirs, or that they approved.
  'GET /api/log': 'person',
  'GET /api/traces/{id}': 'person',
  'GET /api/live': 'person',
  'POST /api/ceremony-errors': 'anybody',
}

/**
 * Returns the rule of a route for people.
 *
 * @throws TypeError for a route without one
 */
export function peopleAccessOf(name: RouteName): PeopleAccess {
  const access = PEOPLE_ACCESS[name]
  if (access === undefined) throw new TypeError(`Nobody said which people may call ${name}`)
  return access
}

/**
 * The person may use the route at all.
 *
 * @throws AuthorityError `session_invalid` without a session where one is needed, `forbidden` without the role
 */
export function checkPeopleAccess(name: RouteName, session: LiveSession | undefined): void {
  const access = peopleAccessOf(name)
  if (access === 'anybody') return
  if (!session) throw new AuthorityError('session_invalid', 'Nobody is signed in')
  const { person } = session
  if (access === 'person') return
  if (access === 'reader' ? seesEverything(person) : hasRole(person, access)) return
  throw new AuthorityError('forbidden', `Only for the role ${access}`)
}
