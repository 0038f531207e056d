import type { DelegationRequest } from './delegation-request.ts'

/**
 * A person who approves. That they are signed in, and approvers, is checked outside; whose requests they may approve
 * is decided here.
 */
export interface Approver {
  /** As `on_behalf_of.id` spells them. */
  readonly id: string
  readonly tenant?: string
}

/**
 * Tells whether a request is the person's business: it is its principal's, and once they approved it and it needs two
 * people, also everybody's in the same tenant.
 */
export function concernsPerson(request: DelegationRequest, person: Approver): boolean {
  const { id, tenant } = request.terms.onBehalfOf
  return id === person.id || (request.half !== undefined && tenant === person.tenant)
}
