import { isJsonObject } from '@behalf/core'
import type { DelegationRequest, Enrolment } from '@behalf/issuer'
import { AuthorityError } from '../error.ts'
import type { PeopleContext } from './people-context.ts'
import { type Person, toApprover } from './person.ts'

/** How far an agent may go by itself. */
export interface EnrolmentBounds {
  /** RFC 3339, UTC. */
  readonly valid_until: string
  /** Of each delegation. */
  readonly max_seconds: number
}

/**
 * The bounds are such that an enrolment within them can be.
 *
 * @throws AuthorityError `input_invalid` with the field
 */
export function checkEnrolmentBounds(
  { clock, issuer }: PeopleContext,
  { valid_until, max_seconds }: EnrolmentBounds,
): void {
  if (Date.parse(valid_until) <= clock()) {
    throw new AuthorityError('input_invalid', 'valid_until must be in the future', { field: 'valid_until' })
  }
  if (max_seconds >= 1 && max_seconds <= issuer.maxSeconds) return
  throw new AuthorityError('input_invalid', `max_seconds must be from 1 to ${issuer.maxSeconds}`, {
    field: 'max_seconds',
  })
}

/**
 * The agent of the request may have its terms by itself from now on, as they were approved, or as they were asked while
 * nobody has decided.
 *
 * @throws IssuerError `input_invalid`, `key_revoked`
 */
export async function enrolFor(
  context: PeopleContext,
  enrolling: {
    readonly person: Person
    readonly request: DelegationRequest
    readonly bounds: EnrolmentBounds
  },
): Promise<Enrolment> {
  const { person, request, bounds } = enrolling
  const { credentialSubject } = await context.issuer.previewRequest(request)
  if (!isJsonObject(credentialSubject)) throw new Error('A request has no terms')
  const { capabilities = [], maxDelegationDepth } = credentialSubject
  return context.issuer.enrol({
    person: toApprover(person),
    agent: request.agent,
    onBehalfOf: request.terms.onBehalfOf,
    capabilities,
    maxSeconds: bounds.max_seconds,
    ...(typeof maxDelegationDepth === 'number' && { maxDelegationDepth }),
    validUntil: Date.parse(bounds.valid_until),
    request: request.id,
  })
}
