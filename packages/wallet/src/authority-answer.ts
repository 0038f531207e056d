import { isJsonObject, type JsonObject } from '@behalf/core'
import {
  type Capability,
  type OnBehalfOf,
  parseCapabilities,
  type StatusEntry,
  type Workflow,
} from '@behalf/credential'
import type { Did } from '@behalf/did'
import { type AgentWorkload, readAgentWorkload } from './agent-workload.ts'
import {
  invalidAnswer,
  readBoolean,
  readInteger,
  readList,
  readObject,
  readOptionalInteger,
  readOptionalText,
  readOptionalTime,
  readText,
  readTexts,
  readTime,
  withoutAbsent,
} from './answer.ts'

/** What an authority says about itself. */
export interface AuthorityDescription {
  readonly issuer: Did
  /** URL of the heartbeat. */
  readonly heartbeat: string
  readonly origin: string
  /** The longest delegation it issues. */
  readonly maxSeconds: number
  /** The length of a delegation for which none was asked. */
  readonly defaultSeconds: number
}

/** The authority's receipt for a request. */
export interface RequestReceipt {
  readonly id: string
  readonly version: number
  readonly status: string
  /** Where a person reads and decides. */
  readonly approvalUrl: string
  /** Milliseconds since the epoch; undecided by then means expired. */
  readonly expiresAt: number
  readonly intervalSeconds: number
}

/** What the agent collects after approval. Unchecked: see Wallet.requestDelegation. */
export interface CollectedDelegation {
  /** Compact JWS of the leaf. */
  readonly delegation: string
  /** Compact JWS of every link, root first, the leaf last. */
  readonly chain: readonly string[]
  readonly evidence?: JsonObject
}

/** One request as an operator, or the asking agent, sees it. Everything in it that agents wrote is hostile text. */
export interface DelegationRequest {
  readonly id: string
  readonly version: number
  /** pending, approved, refused or expired. */
  readonly status: string
  readonly agent: Did
  readonly agentName?: string
  /** Absent: it did not prove where it runs, or that holds no more. */
  readonly agentWorkload?: AgentWorkload
  readonly onBehalfOf: OnBehalfOf
  readonly capabilities: readonly Capability[]
  readonly validForSeconds?: number
  readonly maxUses?: number
  readonly maxDelegationDepth?: number
  readonly purpose: string
  readonly workflow?: Workflow
  readonly approvalUrl?: string
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
  /** Milliseconds since the epoch. */
  readonly requestedAt?: number
  /** Milliseconds since the epoch. */
  readonly decidedAt?: number
  /** DID of the operator, or id of the enrolment or policy. */
  readonly decidedBy?: string
  readonly reason?: string
  readonly delegationId?: string
}

/** Terms within which an authority approves requests of one agent by itself. */
export interface Enrolment {
  readonly id: string
  readonly agent: Did
  readonly onBehalfOf: OnBehalfOf
  readonly capabilities: readonly Capability[]
  readonly maxSeconds: number
  readonly maxDelegationDepth?: number
  /** Milliseconds since the epoch. */
  readonly validUntil?: number
}

/** One issued or registered delegation as an operator sees it. */
export interface DelegationSummary {
  readonly id: string
  readonly subject: Did
  readonly onBehalfOf: OnBehalfOf
  /** active, suspended, expired or revoked; suspended or revoked also when a delegation above it is. */
  readonly status: string
  /** Milliseconds since the epoch. */
  readonly validFrom: number
  /** Milliseconds since the epoch. */
  readonly validUntil: number
  readonly delegator?: Did
  readonly parentId?: string
  /** Absent: the key did not prove where it runs, or that holds no more. */
  readonly agentWorkload?: AgentWorkload
  readonly purpose?: string
  /** Milliseconds since the epoch. */
  readonly revokedAt?: number
  readonly revokedBy?: Did
  /** Why it was revoked. */
  readonly reason?: string
  /** Id of the nearest delegation above that is revoked, and this one with it. */
  readonly revokedAbove?: string
  /** Milliseconds since the epoch. */
  readonly suspendedAt?: number
  readonly suspendedBy?: Did
  /** Why it rests. */
  readonly suspendedReason?: string
  /** Id of the nearest delegation above that is suspended, and this one with it. */
  readonly suspendedAbove?: string
}

/** The authority's word that a revocation is published and will not be lost. */
export interface RevocationReceipt {
  /** Id of the delegation, DID of the agent, id of the principal, or `workflow` or `workflow/run`. */
  readonly revoked: string
  /** Of a principal, a workflow or a run: ids of the roots that were revoked now, and everything below them. */
  readonly delegations?: readonly string[]
  /** The first heartbeat that says so. */
  readonly sequence: number
  /** When it was revoked first, milliseconds since the epoch. */
  readonly time: number
}

/** One entry of an authority's append-only record. */
export interface AuthorityEvent {
  readonly sequence: number
  readonly type: string
  /** Milliseconds since the epoch. */
  readonly time: number
  readonly data: JsonObject
}

/** Each reader below throws WalletError authority_response_invalid, with the member in `field`. */
export function readDescription(answer: JsonObject): AuthorityDescription {
  return {
    issuer: readText(answer, 'issuer'),
    heartbeat: readText(answer, 'heartbeat'),
    origin: readText(answer, 'origin'),
    maxSeconds: readInteger(answer, 'max_seconds'),
    defaultSeconds: readInteger(answer, 'default_seconds'),
  }
}

/** The receipt in an answer to a new request. */
export function readReceipt(answer: JsonObject): RequestReceipt {
  return {
    id: readText(answer, 'id'),
    version: readInteger(answer, 'version'),
    status: readText(answer, 'status'),
    approvalUrl: readText(answer, 'approval_url'),
    expiresAt: readTime(answer, 'expires_at'),
    intervalSeconds: readInteger(answer, 'interval_seconds'),
  }
}

/** What an answer to a collection holds. */
export function readCollected(answer: JsonObject): CollectedDelegation {
  const chain = readTexts(answer, 'chain')
  const delegation = readText(answer, 'delegation')
  if (chain.at(-1) !== delegation) throw invalidAnswer('chain')
  const evidence = answer.evidence === undefined ? undefined : readObject(answer, 'evidence')
  return withoutAbsent({ delegation, chain, evidence })
}

/** The request in an answer. */
export function readRequest(answer: JsonObject): DelegationRequest {
  return withoutAbsent({
    id: readText(answer, 'id'),
    version: readInteger(answer, 'version'),
    status: readText(answer, 'status'),
    agent: readText(answer, 'agent'),
    agentName: readOptionalText(answer, 'agent_name'),
    agentWorkload: readAgentWorkload(answer),
    onBehalfOf: readOnBehalfOf(answer),
    capabilities: readCapabilities(answer),
    validForSeconds: readOptionalInteger(answer, 'valid_for_seconds'),
    maxUses: readOptionalInteger(answer, 'max_uses'),
    maxDelegationDepth: readOptionalInteger(answer, 'max_delegation_depth'),
    purpose: readText(answer, 'purpose'),
    workflow: readWorkflow(answer),
    approvalUrl: readOptionalText(answer, 'approval_url'),
    expiresAt: readTime(answer, 'expires_at'),
    requestedAt: readOptionalTime(answer, 'requested_at'),
    decidedAt: readOptionalTime(answer, 'decided_at'),
    decidedBy: readOptionalText(answer, 'decided_by'),
    reason: readOptionalText(answer, 'reason'),
    delegationId: readOptionalText(answer, 'delegation_id'),
  })
}

/** The enrolment in an answer. */
export function readEnrolment(answer: JsonObject): Enrolment {
  return withoutAbsent({
    id: readText(answer, 'id'),
    agent: readText(answer, 'agent'),
    onBehalfOf: readOnBehalfOf(answer),
    capabilities: readCapabilities(answer),
    maxSeconds: readInteger(answer, 'max_seconds'),
    maxDelegationDepth: readOptionalInteger(answer, 'max_delegation_depth'),
    validUntil: readOptionalTime(answer, 'valid_until'),
  })
}

/** One line of a list of delegations. */
export function readSummary(answer: JsonObject): DelegationSummary {
  return withoutAbsent({
    id: readText(answer, 'id'),
    subject: readText(answer, 'subject'),
    onBehalfOf: readOnBehalfOf(answer),
    status: readText(answer, 'status'),
    validFrom: readTime(answer, 'valid_from'),
    validUntil: readTime(answer, 'valid_until'),
    delegator: readOptionalText(answer, 'delegator'),
    parentId: readOptionalText(answer, 'parent_id'),
    agentWorkload: readAgentWorkload(answer),
    purpose: readOptionalText(answer, 'purpose'),
    revokedAt: readOptionalTime(answer, 'revoked_at'),
    revokedBy: readOptionalText(answer, 'revoked_by'),
    reason: readOptionalText(answer, 'reason'),
    revokedAbove: readOptionalText(answer, 'revoked_above'),
    suspendedAt: readOptionalTime(answer, 'suspended_at'),
    suspendedBy: readOptionalText(answer, 'suspended_by'),
    suspendedReason: readOptionalText(answer, 'suspended_reason'),
    suspendedAbove: readOptionalText(answer, 'suspended_above'),
  })
}

/** What rests or goes on, and where it is published. */
export interface SuspensionReceipt {
  /** Id of the delegation. */
  readonly delegation: string
  /** Whether it rests from now on. */
  readonly suspended: boolean
  /** Number of the heartbeat that says so. */
  readonly sequence: number
  /** Milliseconds since the epoch. */
  readonly time: number
}

/** The receipt in an answer to a suspension or its end. */
export function readSuspension(answer: JsonObject): SuspensionReceipt {
  return {
    delegation: readText(answer, 'delegation'),
    suspended: readBoolean(answer, 'suspended'),
    sequence: readInteger(answer, 'sequence'),
    time: readTime(answer, 'time'),
  }
}

/** The receipt in an answer to a revocation. */
export function readRevocation(answer: JsonObject): RevocationReceipt {
  return {
    revoked: readText(answer, 'revoked'),
    ...(answer.delegations !== undefined && { delegations: readTexts(answer, 'delegations') }),
    sequence: readInteger(answer, 'sequence'),
    time: readTime(answer, 'time'),
  }
}

/** One entry of a list of events. */
export function readEvent(answer: JsonObject): AuthorityEvent {
  return {
    sequence: readInteger(answer, 'sequence'),
    type: readText(answer, 'type'),
    time: readTime(answer, 'time'),
    data: readObject(answer, 'data'),
  }
}

/** A delegation as the authority keeps it. Nothing in it is verified. */
export interface IssuedDelegation {
  readonly id: string
  /** Compact JWS; absent for a child. */
  readonly credential?: string
  /** How it was approved. */
  readonly evidence?: JsonObject
}

/** One delegation as the authority keeps it. */
export function readIssued(answer: JsonObject): IssuedDelegation {
  return withoutAbsent({
    id: readText(answer, 'id'),
    credential: readOptionalText(answer, 'credential'),
    evidence: answer.evidence === undefined ? undefined : readObject(answer, 'evidence'),
  })
}

/** The status entry that a child gets; whether it is sound shows when the child is signed. */
export function readStatusEntry(answer: JsonObject): StatusEntry {
  const entry = readObject(answer, 'credentialStatus')
  if (entry.type !== 'BitstringStatusListEntry') throw invalidAnswer('credentialStatus')
  if (entry.statusPurpose !== 'revocation') throw invalidAnswer('credentialStatus')
  return {
    id: readText(entry, 'id'),
    type: 'BitstringStatusListEntry',
    statusPurpose: 'revocation',
    statusListIndex: readText(entry, 'statusListIndex'),
    statusListCredential: readText(entry, 'statusListCredential'),
  }
}

function readOnBehalfOf(answer: JsonObject): OnBehalfOf {
  const value = readObject(answer, 'on_behalf_of')
  return withoutAbsent({
    id: readText(value, 'id'),
    role: readOptionalText(value, 'role'),
    tenant: readOptionalText(value, 'tenant'),
  })
}

function readWorkflow(answer: JsonObject): Workflow | undefined {
  const value = answer.workflow
  if (value === undefined) return undefined
  if (!isJsonObject(value)) throw invalidAnswer('workflow')
  return withoutAbsent({ id: readText(value, 'id'), run: readOptionalText(value, 'run') })
}

function readCapabilities(answer: JsonObject): readonly Capability[] {
  try {
    return parseCapabilities(readList(answer, 'capabilities'))
  } catch {
    throw invalidAnswer('capabilities')
  }
}
