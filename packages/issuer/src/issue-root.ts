import { isJsonObject, type JsonObject, type JsonValue } from '@behalf/core'
import {
  type ApprovalEvidence,
  type ApprovalReference,
  type Delegation,
  digestApprovalEvidence,
  parseDelegation,
  signDelegation,
  verifyApprovalEvidence,
} from '@behalf/credential'
import type { DraftedRoot } from './approval-draft.ts'
import type { DelegationRequest } from './delegation-request.ts'
import { checkIssuerKeyAlive, type IssuerContext } from './issuer-context.ts'
import { principalOf, record } from './issuer-event.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { formatTime } from './rfc3339.ts'

/** A root, its evidence, and whose word decided. */
export interface ApprovedRoot {
  readonly request: DelegationRequest
  readonly root: DraftedRoot
  readonly evidence: ApprovalEvidence
  /** DID of the operator, or id of the enrolment or of the person who approved last. */
  readonly by: string
}

/**
 * The root is signed, recorded and ready to be collected, and its request is approved. Its evidence was verified the
 * way anybody verifies it later.
 *
 * @returns the request as approved
 * @throws CredentialError `evidence_invalid`
 * @throws IssuerError `key_revoked` when the issuer's own is
 */
export async function issueRoot(
  context: IssuerContext,
  tx: IssuerTransaction,
  approved: ApprovedRoot,
): Promise<DelegationRequest> {
  const { request, root, evidence, by } = approved
  await checkIssuerKeyAlive(context, tx)
  const payload = signedPayload(root.payload, {
    approval: { method: evidence.method, digest: digestApprovalEvidence(evidence) },
    issuedAt: context.clock(),
  })
  const jws = await signDelegation(payload, { signer: context.signer, kid: context.kid })
  const delegation = parseDelegation(jws)
  await verifyApprovalEvidence(evidence, { delegation })
  await tx.insertDelegation({
    id: delegation.id,
    rootId: delegation.id,
    delegator: context.did,
    subject: delegation.subject,
    onBehalfOf: delegation.onBehalfOf,
    validFrom: delegation.validFrom,
    validUntil: delegation.validUntil,
    status: root.status,
    payload,
    issued: { requestId: request.id, jws, evidence },
    createdAt: context.clock(),
  })
  const { half: _, ...decided } = request
  const saved: DelegationRequest = {
    ...decided,
    status: 'approved',
    decidedAt: context.clock(),
    decidedBy: by,
    delegationId: delegation.id,
  }
  await tx.saveRequest(saved)
  await recordIssued(context, tx, { request, delegation, root })
  return saved
}

/** The payload as it is signed: with how it was approved, and when it is signed. */
function signedPayload(
  payload: JsonObject,
  facts: { readonly approval: ApprovalReference; readonly issuedAt: number },
): JsonObject {
  const { credentialSubject } = payload
  if (!isJsonObject(credentialSubject)) throw new Error('A drafted payload has no subject')
  return {
    ...payload,
    iat: Math.floor(facts.issuedAt / 1000),
    credentialSubject: { ...credentialSubject, approval: { ...facts.approval } },
  }
}

async function recordIssued(
  context: IssuerContext,
  tx: IssuerTransaction,
  facts: { readonly request: DelegationRequest; readonly delegation: Delegation; readonly root: DraftedRoot },
): Promise<void> {
  const { request, delegation, root } = facts
  const { policy, approval, workflow } = delegation
  await record(context, tx, {
    type: 'issued',
    data: {
      request: request.id,
      subject: delegation.subject,
      principal: principalOf(context, delegation.onBehalfOf),
      delegation: delegation.id,
      issuer: context.did,
      audience: audienceOf(delegation),
      capabilities: capabilitiesOf(root.payload),
      credential: delegation.digest,
      policy: policy && { ...policy },
      approval: approval && { ...approval },
      workflow: workflow && { ...workflow },
      status: { list: root.status.list, index: root.status.index },
      valid_until: formatTime(delegation.validUntil),
    },
  })
}

/** As they are signed. */
function capabilitiesOf({ credentialSubject }: JsonObject): JsonValue {
  return (isJsonObject(credentialSubject) && credentialSubject.capabilities) || []
}

function audienceOf({ capabilities }: Delegation): readonly string[] {
  const locations = capabilities.flatMap((capability) =>
    capability.type === 'unknown' ? [] : capability.locations,
  )
  return [...new Set(locations)]
}
