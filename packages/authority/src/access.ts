import type { Did } from '@behalf/did'
import { AuthorityError } from './error.ts'
import type { RegisteredApi } from './ledger/api-rows.ts'

/**
 * Who may call a route.
 *
 * - `public`: anybody, unsigned.
 * - `key`: whoever proves a key; what that key may see or do is decided by whose the named thing is, in the issuer.
 * - `client`: whoever proves a key, by signing the call or with DPoP; refused as OAuth spells it.
 * - `api`: whoever proves the key of an API that an operator registered.
 * - `auditor`: whoever proves the key of an operator, or one that an operator let read the log.
 * - `operator`: whoever proves the key of an operator.
 */
export type Access = 'public' | 'key' | 'client' | 'api' | 'auditor' | 'operator'

/** A route, as its method and path. */
export type RouteName = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`

/** The authorisation rule of every route. A route that is not here is not served. */
export const ACCESS: Readonly<Record<RouteName, Access>> = {
  'GET /health': 'public',
  'GET /ready': 'public',
  'GET /openapi.json': 'public',
  'GET /metrics': 'operator',
  'GET /.well-known/behalf-authority': 'public',
  'GET /approve/{id}': 'public',
  'GET /status/heartbeat': 'public',
  'GET /status/lists/{number}': 'public',
  'GET /status/lists/{number}/suspension': 'public',
  'GET /status/stream': 'public',
  // Whoever reads the stream, by the name it got there.
  'POST /status/confirmations': 'public',
  'GET /status/confirmations': 'operator',
  'POST /status/readers': 'api',
  // Hashes and a signature: whoever watches the log needs no key.
  'GET /log/checkpoint': 'public',
  'GET /log/proof/inclusion': 'public',
  'GET /log/proof/consistency': 'public',
  // What proves requests lies beside the log, and is shown to operators alone.
  'GET /log/entries': 'auditor',
  'GET /log/status-lists/{list}': 'operator',
  'POST /audit/records': 'api',
  'GET /apis': 'operator',
  'POST /apis': 'operator',
  'DELETE /apis/{did}': 'operator',
  'GET /auditors': 'operator',
  'POST /auditors': 'operator',
  'DELETE /auditors/{did}': 'operator',
  'POST /forgotten-principals': 'operator',
  'POST /delegation-requests': 'key',
  'GET /delegation-requests': 'operator',
  // The operator, or the key that asked.
  'GET /delegation-requests/{id}': 'key',
  // The key that asked.
  'PUT /delegation-requests/{id}': 'key',
  'POST /delegation-requests/{id}/collect': 'key',
  'POST /delegation-requests/{id}/approve': 'operator',
  'POST /delegation-requests/{id}/deny': 'operator',
  'GET /enrolments': 'operator',
  'POST /enrolments': 'operator',
  // Whoever proves where it runs, to somebody whom the configuration names.
  'POST /enrolments/workload': 'key',
  'DELETE /enrolments/{id}': 'operator',
  'GET /delegations': 'operator',
  'GET /delegations/{id}': 'operator',
  // The subject of that delegation.
  'POST /delegations/{id}/children': 'key',
  // To revoke a delegation: the operator, the agent that delegated it, or its subject. Anything else: the operator.
  'POST /revocations': 'key',
  'GET /.well-known/oauth-authorization-server': 'public',
  'GET /.well-known/jwks.json': 'public',
  'GET /status/token-lists/{number}': 'public',
  // The subject of the last delegation.
  'POST /token': 'client',
  // The API that the token is for, the agents in it, operators; others learn nothing.
  'POST /introspect': 'client',
  // The agents in the token, operators.
  'POST /revoke': 'client',
  'GET /token-keys': 'operator',
  'POST /token-keys': 'operator',
  'GET /events': 'operator',
  'GET /policies/{digest}': 'operator',
}

/** Whoever signed a call, and whether that key is an operator's. */
export interface AuthenticatedCaller {
  readonly did: Did
  readonly operator: boolean
  /** The API whose key it is; looked up where a route is for APIs. */
  readonly api: RegisteredApi | undefined
  /** Whether the key is an auditor's; looked up where a route is for auditors. */
  readonly auditor: boolean
}

/**
 * Returns the rule of a route.
 *
 * @throws TypeError for a route without one
 */
export function accessOf(name: RouteName): Access {
  const access = ACCESS[name]
  if (access === undefined) throw new TypeError(`Nobody said who may call ${name}`)
  return access
}

/**
 * The caller may use the route at all.
 *
 * @throws AuthorityError `not_found` on a route that names one thing, so that nobody learns whether it exists;
 *   `forbidden` on others
 */
export function checkAccess(name: RouteName, caller: AuthenticatedCaller): void {
  const access = accessOf(name)
  if (access === 'api' && caller.api === undefined) {
    throw new AuthorityError('forbidden', 'Only an API that an operator registered may do this')
  }
  if (access === 'auditor' && !caller.operator && !caller.auditor) {
    throw new AuthorityError(
      'forbidden',
      'Only an operator may do this, or a key that an operator let read the log',
    )
  }
  if (access !== 'operator' || caller.operator) return
  if (name.includes('{')) throw new AuthorityError('not_found', 'Only an operator has access to this')
  throw new AuthorityError('forbidden', 'Only an operator may do this')
}
