import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import { serializeCapabilities } from '@behalf/credential'
import {
  type DelegationRequest,
  describeWorkload,
  type EnrolledWorkload,
  type Enrolment,
  type IssuerEvent,
  type ListedDelegation,
  type RevocationReceipt,
  requestStatus,
  type ScopeRevocationReceipt,
  type SuspensionReceipt,
} from '@behalf/issuer'
import { formatTime } from './format-time.ts'

/** What the wire forms of an authority's answers depend on. */
export interface WireOptions {
  readonly origin: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** A request as its agent and operators see it. */
export function requestToWire(request: DelegationRequest, options: WireOptions): JsonObject {
  const { terms, policy } = request
  return compact({
    id: request.id,
    version: request.version,
    status: requestStatus(request, options.now),
    agent: request.agent,
    agent_name: request.agentName,
    on_behalf_of: { ...terms.onBehalfOf },
    capabilities: serializeCapabilities(terms.capabilities),
    valid_for_seconds: terms.validForSeconds,
    max_uses: terms.maxUses,
    max_delegation_depth: terms.maxDelegationDepth,
    purpose: terms.purpose,
    workflow: terms.workflow && { ...terms.workflow },
    policy: compact({
      id: policy.id,
      digest: policy.digest,
      decision: policy.decision,
      rule: policy.rule,
      reason: policy.reason,
    }),
    approval_url: approvalUrl(request, options),
    requested_at: formatTime(request.requestedAt),
    expires_at: formatTime(request.expiresAt),
    decided_at: formatOptionalTime(request.decidedAt),
    decided_by: request.decidedBy,
    reason: request.reason,
    delegation_id: request.delegationId,
  })
}

/** What an agent gets for a new request. */
export function receiptToWire(
  request: DelegationRequest,
  options: WireOptions & { readonly intervalSeconds: number },
): JsonObject {
  return {
    id: request.id,
    version: request.version,
    status: request.status,
    approval_url: approvalUrl(request, options),
    expires_at: formatTime(request.expiresAt),
    interval_seconds: options.intervalSeconds,
  }
}

/** An enrolment as operators see it. */
export function enrolmentToWire(enrolment: Enrolment): JsonObject {
  return compact({
    id: enrolment.id,
    agent: enrolment.agent,
    on_behalf_of: { ...enrolment.onBehalfOf },
    capabilities: serializeCapabilities(enrolment.capabilities),
    max_seconds: enrolment.maxSeconds,
    max_delegation_depth: enrolment.maxDelegationDepth,
    valid_until: formatOptionalTime(enrolment.validUntil),
    created_at: formatTime(enrolment.createdAt),
    created_by: enrolment.createdBy,
    workload: enrolment.workload && describeWorkload(enrolment.workload),
  })
}

/** Where a key was proven to run, and what that gave it. */
export function enrolledWorkloadToWire({ proof, enrolments }: EnrolledWorkload): JsonObject {
  return {
    agent: proof.agent,
    workload: describeWorkload(proof),
    valid_until: formatTime(proof.validUntil),
    enrolments: enrolments.map(enrolmentToWire),
  }
}

/** A delegation as operators see it; `status` is the state of the chain that ends with it. */
export function delegationToWire(delegation: ListedDelegation, { now }: WireOptions): JsonObject {
  const { payload, revoked, suspended } = delegation
  const subject = isJsonObject(payload.credentialSubject) ? payload.credentialSubject : {}
  return compact({
    id: delegation.id,
    status: statusOf(delegation, now),
    delegator: delegation.delegator,
    subject: delegation.subject,
    on_behalf_of: { ...delegation.onBehalfOf },
    capabilities: subject.capabilities,
    purpose: subject.purpose,
    parent_id: delegation.parentId,
    root_id: delegation.rootId,
    request_id: delegation.issued?.requestId,
    valid_from: formatTime(delegation.validFrom),
    valid_until: formatTime(delegation.validUntil),
    created_at: formatTime(delegation.createdAt),
    revoked_at: formatOptionalTime(revoked?.at),
    revoked_by: revoked?.by,
    reason: revoked?.reason,
    revoked_above: delegation.revokedAbove,
    suspended_at: formatOptionalTime(suspended?.at),
    suspended_by: suspended?.by,
    suspended_reason: suspended?.reason,
    suspended_above: delegation.suspendedAbove,
  })
}

/** What a revocation answers. */
export function revocationToWire(receipt: RevocationReceipt | ScopeRevocationReceipt): JsonObject {
  const { revoked, sequence, time } = receipt
  const delegations = 'delegations' in receipt ? { delegations: [...receipt.delegations] } : {}
  return { revoked, ...delegations, sequence, time: formatTime(time) }
}

/** What suspending or resuming answers. */
export function suspensionToWire({ time, ...receipt }: SuspensionReceipt): JsonObject {
  return { ...receipt, time: formatTime(time) }
}

/** An entry of the append-only record. */
export function eventToWire({ sequence, time, type, data }: IssuerEvent): JsonObject {
  return { sequence, time: formatTime(time), type, data }
}

function approvalUrl(request: DelegationRequest, { origin }: WireOptions): string {
  return `${origin}/approve/${request.id}`
}

function statusOf(delegation: ListedDelegation, now: number): string {
  if (delegation.revoked || delegation.revokedAbove !== undefined) return 'revoked'
  if (now >= delegation.validUntil) return 'expired'
  return delegation.suspended || delegation.suspendedAbove !== undefined ? 'suspended' : 'active'
}

function formatOptionalTime(time: number | undefined): string | undefined {
  return time === undefined ? undefined : formatTime(time)
}

/** Without the members that have no value. */
export function compact(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(hasValue))
}

function hasValue(entry: [string, JsonValue | undefined]): entry is [string, JsonValue] {
  return entry[1] !== undefined
}
