import type { JsonObject } from '@behalf/core'
import type { DelegationRequest } from './delegation-request.ts'
import { previewRoot } from './draft-root.ts'
import type { IssuerContext } from './issuer-context.ts'

/**
 * Returns the terms of a request as a payload, to be read by people: what was issued for it, what waits for a second
 * person, or what approving it now as it was asked would issue. Of a request that was refused or has ended, what it
 * would have been when it was asked.
 */
export async function previewRequest(
  context: IssuerContext,
  request: DelegationRequest,
): Promise<JsonObject> {
  const { half, delegationId } = request
  const fixed = await context.store.transaction(async (tx) => {
    if (delegationId !== undefined) return (await tx.findDelegation(delegationId))?.payload
    const draft = half === undefined ? undefined : await tx.findDraft(half)
    return draft?.roots.find((root) => root.request.id === request.id)?.payload
  })
  if (fixed) return fixed
  const now = context.clock()
  const isOpen = request.status === 'pending' && now < request.expiresAt
  return previewRoot(
    context,
    { request, terms: request.terms, policy: request.policy },
    isOpen ? now : request.requestedAt,
  )
}
