import { createUuid, type JsonObject } from '@behalf/core'
import {
  approvedPart,
  createDelegationPayload,
  type DelegationTerms,
  parseDelegation,
} from '@behalf/credential'
import type { DraftedRoot } from './approval-draft.ts'
import type { DelegationRequest, PolicyDecision, RequestedTerms } from './delegation-request.ts'
import type { IssuerContext } from './issuer-context.ts'
import type { IssuerTransaction } from './issuer-store.ts'
import { allocateStatusPosition, createStatusEntry, PLACEHOLDER_POSITION } from './publish-status.ts'
import { encodeUnsigned } from './unsigned-jws.ts'

/** What is to be approved of a request. */
export interface RootTerms {
  readonly request: DelegationRequest
  /** What was asked for, or less. */
  readonly terms: RequestedTerms
  readonly policy: PolicyDecision
}

// Stands in where only the size and the form of a payload matter.
const NO_DIGEST = 'sha-256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'

/**
 * Returns a root with everything that is approved of it: its ids and its place in a status list are taken for good, and
 * its time runs from now.
 *
 * @throws CredentialError for terms that do not fit into a credential
 */
export async function draftRoot(
  context: IssuerContext,
  tx: IssuerTransaction,
  root: RootTerms,
): Promise<DraftedRoot> {
  const { request, terms } = root
  const now = context.clock()
  // Credentials count in seconds; rounding down makes the delegation usable at once.
  const validFrom = Math.floor(now / 1000) * 1000
  const validUntil = validFrom + terms.validForSeconds * 1000
  const status = await allocateStatusPosition(context, tx, validUntil)
  const payload = createDelegationPayload(
    {
      ...fixedTerms(context, root),
      id: createUuid(context.random),
      validFrom,
      validUntil,
      status: createStatusEntry(context, status),
    },
    now,
  )
  return { request: { id: request.id, version: request.version }, payload: approvedPart(payload), status }
}

/**
 * Returns the payload that a root on these terms would have if its time ran from `now`: with ids and a status entry that
 * are nobody's.
 */
export function previewRoot(
  context: IssuerContext,
  { request, terms, policy }: RootTerms,
  now: number,
): JsonObject {
  const validFrom = Math.floor(now / 1000) * 1000
  return approvedPart(
    createDelegationPayload(
      {
        ...fixedTerms(context, { request, terms, policy }),
        id: request.id,
        validFrom,
        validUntil: validFrom + terms.validForSeconds * 1000,
        status: createStatusEntry(context, PLACEHOLDER_POSITION),
      },
      now,
    ),
  )
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
      ...fixedTerms(context, { request, terms, policy }),
      id: request.id,
      validFrom: now,
      validUntil: now + terms.validForSeconds * 1000,
      status: createStatusEntry(context, PLACEHOLDER_POSITION),
      approval: { method: 'software-passkey', digest: NO_DIGEST },
    },
    now,
  )
  parseDelegation(encodeUnsigned(payload, context.kid))
}

function fixedTerms(
  context: IssuerContext,
  root: Pick<RootTerms, 'terms' | 'policy'> & { readonly request: Pick<DelegationRequest, 'agent'> },
): Omit<DelegationTerms, 'id' | 'validFrom' | 'validUntil' | 'status'> {
  const { terms, policy, request } = root
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
