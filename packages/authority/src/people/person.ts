import { type Approver, checkText, type DecidingPerson } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'

/**
 * What a person may do here.
 *
 * - `approver`: decides on requests made on behalf of this person, and gives second approvals.
 * - `operator`: manages people and agents, sees every request, stops anything.
 * - `auditor`: reads everything, changes nothing.
 */
export type Role = 'approver' | 'operator' | 'auditor'

/** Every role, in the order in which they are stored and told. */
export const ROLES: readonly Role[] = ['approver', 'operator', 'auditor']

/** Somebody who signs in. */
export interface Person {
  /** The principal's id in delegations; chosen once, never changed. */
  readonly id: string
  /** For people to read; never in a credential. */
  readonly name: string
  readonly roles: readonly Role[]
  readonly tenant?: string
  /** 32 random bytes in base64url, by which an authenticator knows the account. */
  readonly userHandle: string
  /** Milliseconds since the epoch, like every time here. */
  readonly createdAt: number
  readonly disabledAt?: number
}

const MAX_NAME_LENGTH = 100
const MAX_TENANT_LENGTH = 200

/**
 * The id can name a person: visible ASCII, at most 200 characters, and neither a DID nor a URN, so that in the record
 * nobody takes a person for a key or a delegation.
 *
 * @throws AuthorityError `input_invalid` with the field
 */
export function checkPersonId(id: string, field: string): string {
  if (/^(?!did:|urn:)[\x21-\x7e]{1,200}$/iu.test(id)) return id
  throw new AuthorityError('input_invalid', `${field} must be 1 to 200 visible ASCII characters`, { field })
}

/**
 * The name hides nothing and is short enough.
 *
 * @throws IssuerError `input_invalid` with the field
 */
export function checkPersonName(name: string, field: string): string {
  return checkText(name, { field, maxLength: MAX_NAME_LENGTH })
}

/**
 * The tenant hides nothing and is short enough.
 *
 * @throws IssuerError `input_invalid`
 */
export function checkTenant(tenant: string): string {
  return checkText(tenant, { field: 'tenant', maxLength: MAX_TENANT_LENGTH })
}

/**
 * Returns the roles in their order, each once.
 *
 * @throws AuthorityError `input_invalid` for none
 */
export function checkRoles(roles: readonly Role[]): readonly Role[] {
  const kept = ROLES.filter((role) => roles.includes(role))
  if (kept.length > 0) return kept
  throw new AuthorityError('input_invalid', 'roles must name at least one', { field: 'roles' })
}

/** Whether the person has the role. */
export function hasRole(person: Person, role: Role): boolean {
  return person.roles.includes(role)
}

/** Whether the person sees what belongs to others. */
export function seesEverything(person: Person): boolean {
  return hasRole(person, 'operator') || hasRole(person, 'auditor')
}

/** The person as the issuer knows people. */
export function toApprover({ id, tenant }: Person): Approver {
  return { id, ...(tenant !== undefined && { tenant }) }
}

/** The person as one who decides there, and whether about what is others', too. */
export function toDecider(person: Person): DecidingPerson {
  return { person: toApprover(person), isOperator: hasRole(person, 'operator') }
}
