import { type Delegation, serializeCapabilities } from '@behalf/credential'
import type { DelegationRequest, DelegationSummary, HeldDelegation } from '@behalf/wallet'
import type { AnswerDocument } from './output.ts'
import { formatTime } from './time-words.ts'
import { workloadDocument } from './workload-words.ts'

/** A delegation as the JSON documents of the command spell it. */
export function delegationDocument(delegation: Delegation): AnswerDocument {
  return {
    id: delegation.id,
    issuer: delegation.issuer,
    subject: delegation.subject,
    on_behalf_of: delegation.onBehalfOf,
    capabilities: serializeCapabilities(delegation.capabilities),
    max_uses: delegation.maxUses,
    max_delegation_depth: delegation.maxDelegationDepth,
    purpose: delegation.purpose,
    workflow: delegation.workflow,
    policy: delegation.policy,
    approval: delegation.approval,
    parent: delegation.parent,
    valid_from: formatTime(delegation.validFrom),
    valid_until: formatTime(delegation.validUntil),
    status_list: delegation.status.statusListCredential,
    digest: delegation.digest,
  }
}

/** A delegation in a wallet, with the authority that publishes its status and the number of its links. */
export function heldDocument(held: HeldDelegation): AnswerDocument {
  return { ...delegationDocument(held.leaf), links: held.links.length, authority: held.authority }
}

/** A request as an operator sees it. */
export function requestDocument(request: DelegationRequest): AnswerDocument {
  return {
    id: request.id,
    version: request.version,
    status: request.status,
    agent: request.agent,
    agent_name: request.agentName,
    agent_workload: workloadDocument(request.agentWorkload),
    on_behalf_of: request.onBehalfOf,
    capabilities: serializeCapabilities(request.capabilities),
    valid_for_seconds: request.validForSeconds,
    max_uses: request.maxUses,
    max_delegation_depth: request.maxDelegationDepth,
    purpose: request.purpose,
    workflow: request.workflow,
    expires_at: formatTime(request.expiresAt),
    reason: request.reason,
    delegation_id: request.delegationId,
  }
}

/** A delegation as the list of an authority has it. */
export function summaryDocument(summary: DelegationSummary): AnswerDocument {
  return {
    id: summary.id,
    subject: summary.subject,
    on_behalf_of: summary.onBehalfOf,
    status: summary.status,
    valid_from: formatTime(summary.validFrom),
    valid_until: formatTime(summary.validUntil),
    delegator: summary.delegator,
    parent: summary.parentId,
    agent_workload: workloadDocument(summary.agentWorkload),
  }
}
