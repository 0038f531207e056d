import { createUuid, encodeBase64url, type JsonObject } from '@behalf/core'
import {
  createDelegationPayload,
  type DelegationTerms,
  parseDelegation,
  signDelegation,
} from '@behalf/credential'
import type { DelegationRequest, PolicyDecision, RequestedTerms } from './delegation-request.ts'
import { type ApprovalFacts, createEvidence, digestEvidence } from './evidence.ts'
import type { IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { DelegationRecord, IssuerTransaction } from './issuer-store.ts'
import { allocateStatusPosition, createStatusEntry, PLACEHOLDER_POSITION } from './publish-status.ts'
import { formatTime } from './rfc3339.ts'
import { encodeUnsigned } from './unsigned-jws.ts'

/** What is to be issued, and on whose word. */
export interface Approval {
  readonly request: DelegationRequest
  /** What was approved: what was asked for, or less. */
  readonly terms: RequestedTerms
  readonly policy: PolicyDecision
  readonly method: ApprovalFacts['method']
  readonly by: string
}

// Stands in while the evidence is made; the real digest takes its place before anything is signed.
const NO_DIGEST = 'sha-256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/**
 * A root delegation is signed, recorded and ready to be collected, and the request is approved. All ids and the status
 * entry are fixed before the evidence is hashed, so the evidence holds the whole payload.
 *
 * @returns the request as approved
 * @throws CredentialError for terms that do not fit into a credential
 */
export async function issueDelegation(
  context: IssuerContext,
  tx: IssuerTransaction,
  approval: Approval,
): Promise<DelegationRequest> {
  const { request } = approval
  const issued = await signRoot(context, tx, approval)
  await tx.insertDelegation(issued)
  const decided: DelegationRequest = {
    ...request,
    status: 'approved',
    decidedAt: context.clock(),
    decidedBy: approval.by,
    delegationId: issued.id,
  }
  await tx.saveRequest(decided)
  await recordIssue(context, tx, { approval, issued })
  return decided
}

/**
 * A delegation on these terms would be one that a verifier can read, in form and in size.
 *
 * @throws CredentialError `credential_too_large` and whatever else `parseDelegation` refuses
 */
export function checkIssuable(
  context: IssuerContext,
  request: Pick<DelegationRequest, 'id' | 'agent' | 'terms'>,
): void {
  const { terms } = request
  const { id, digest } = context.policy
  const policy: PolicyDecision = { id, digest, decision: 'approve-enrolled' }
  const now = context.clock()
  const payload = createDelegationPayload(
    {
      ...rootTerms(context, { request, terms, policy }),
      id: request.id,
      validFrom: now,
      validUntil: now + terms.validForSeconds * 1000,
      status: createStatusEntry(context, PLACEHOLDER_POSITION),
      approval: { method: 'enrolment', digest: NO_DIGEST },
    },
    now,
  )
  parseDelegation(encodeUnsigned(payload, context.kid))
}

async function signRoot(
  context: IssuerContext,
  tx: IssuerTransaction,
  approval: Approval,
): Promise<DelegationRecord> {
  const { request, method, by } = approval
  const now = context.clock()
  // Credentials count in seconds; rounding down makes the delegation usable at once.
  const validFrom = Math.floor(now / 1000) * 1000
  const validUntil = validFrom + approval.terms.validForSeconds * 1000
  const id = createUuid(context.random)
  const status = await allocateStatusPosition(context, tx, validUntil)
  const base = {
    ...rootTerms(context, approval),
    id,
    validFrom,
    validUntil,
    status: createStatusEntry(context, status),
  }
  const build = (digest: string): JsonObject =>
    createDelegationPayload({ ...base, approval: { method, digest } }, now)
  const evidence = createEvidence(build(NO_DIGEST), {
    method,
    by,
    at: formatTime(now),
    nonce: encodeBase64url(context.random(16)),
    request: { id: request.id, version: request.version },
  })
  const payload = build(digestEvidence(evidence))
  const jws = await signDelegation(payload, { signer: context.signer, kid: context.kid })
  return {
    id,
    rootId: id,
    delegator: context.did,
    subject: request.agent,
    onBehalfOf: approval.terms.onBehalfOf,
    validFrom,
    validUntil,
    status,
    payload,
    issued: { requestId: request.id, jws, evidence },
    createdAt: now,
  }
}

function rootTerms(
  context: IssuerContext,
  approval: Pick<Approval, 'terms' | 'policy'> & { readonly request: Pick<DelegationRequest, 'agent'> },
): Omit<DelegationTerms, 'id' | 'validFrom' | 'validUntil' | 'status'> {
  const { terms, policy, request } = approval
  return {
    issuer: context.did,
    subject: request.agent,
    onBehalfOf: terms.onBehalfOf,
    capabilities: terms.capabilities,
    ...(terms.maxUses !== undefined && { maxUses: terms.maxUses }),
    maxDelegationDepth: terms.maxDelegationDepth,
    purpose: terms.purpose,
    ...(terms.workflow && { workflow: terms.workflow }),
    policy: { id: policy.id, digest: policy.digest, decision: policy.decision },
  }
}

async function recordIssue(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: { readonly approval: Approval; readonly issued: DelegationRecord },
): Promise<void> {
  const { approval, issued } = facts
  const { request, method, by, policy } = approval
  const about = {
    request: request.id,
    subject: request.agent,
    principal: principalOf(context, issued.onBehalfOf),
    delegation: issued.id,
  }
  await record(context, tx, { type: 'approved', data: { ...about, method, by, version: request.version } })
  await record(context, tx, {
    type: 'issued',
    data: {
      ...about,
      issuer: context.did,
      audience: audienceOf(approval.terms),
      policy: { id: policy.id, digest: policy.digest, decision: policy.decision },
      workflow: approval.terms.workflow && { ...approval.terms.workflow },
      status: { list: issued.status.list, index: issued.status.index },
      valid_until: formatTime(issued.validUntil),
    },
  })
}

function audienceOf(terms: RequestedTerms): readonly string[] {
  return [...new Set(terms.capabilities.flatMap((capability) => capability.locations))]
}
