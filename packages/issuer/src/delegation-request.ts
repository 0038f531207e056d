import type { HttpCapability, McpCapability, OnBehalfOf, Workflow } from '@behalf/credential'
import type { Did } from '@behalf/did'

/** A capability of a type that is understood: nothing else is ever issued. */
export type KnownCapability = HttpCapability | McpCapability

/** What an agent asked for, checked. Approval may narrow it, never widen it. */
export interface RequestedTerms {
  readonly onBehalfOf: OnBehalfOf
  readonly capabilities: readonly KnownCapability[]
  readonly validForSeconds: number
  readonly maxUses?: number
  readonly maxDelegationDepth: number
  readonly purpose: string
  readonly workflow?: Workflow
}

/** What a policy makes of a request; in rising order of strictness. */
export type PolicyEffect = 'approve-enrolled' | 'ask-one' | 'ask-two' | 'refuse'

/** What the policy made of a request. */
export interface PolicyDecision {
  /** The policy's own name. */
  readonly id: string
  /** `sha-256:…` of the policy's document. */
  readonly digest: string
  readonly decision: PolicyEffect
  /** The id of the rule that decided; absent when it was refused because no rule permits it. */
  readonly rule?: string
  /** That rule's own words, when it has any. */
  readonly reason?: string
}

/** Where a request stands. `expired` is a pending request past its time. */
export type RequestStatus = 'pending' | 'approved' | 'refused' | 'expired'

/** A person's yes. */
export interface PersonalApproval {
  /** As `onBehalfOf.id` spells people. */
  readonly by: string
  /** Milliseconds since the epoch. */
  readonly at: number
}

/** One request for a delegation, as the store keeps it. All times in milliseconds since the epoch. */
export interface DelegationRequest {
  readonly id: string
  /** An approval names the version it saw. */
  readonly version: number
  /** The key that asked, and the only one that may collect. */
  readonly agent: Did
  readonly agentName?: string
  readonly terms: RequestedTerms
  readonly policy: PolicyDecision
  /** It waits for people, and its principal had neither approved nor enrolled this key before. */
  readonly stranger?: true
  readonly status: Exclude<RequestStatus, 'expired'>
  readonly requestedAt: number
  /** A request not decided by then never will be. */
  readonly expiresAt: number
  readonly lastPolledAt?: number
  /** The people who approved it, in order; none when an operator, an enrolment or the policy decided. */
  readonly approvals: readonly PersonalApproval[]
  /** Pending, and approved by one of two people: the draft that waits for the second. */
  readonly half?: string
  readonly decidedAt?: number
  /** DID of the operator, or id of the enrolment, of the policy, or of the person who decided last. */
  readonly decidedBy?: string
  readonly reason?: string
  /** The delegation that was issued for it. */
  readonly delegationId?: string
  readonly collectedAt?: number
}

/**
 * Tells where a request stands now.
 *
 * @param now - milliseconds since the epoch
 */
export function requestStatus(request: DelegationRequest, now: number): RequestStatus {
  return request.status === 'pending' && now >= request.expiresAt ? 'expired' : request.status
}

/** Tells how many people must approve what the policy decided so about. */
export function approvalsNeeded({ decision }: { readonly decision: string }): 1 | 2 {
  return decision === 'ask-two' ? 2 : 1
}
