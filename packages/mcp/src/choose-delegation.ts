import {
  authorize,
  type Capability,
  CredentialError,
  type McpAccess,
  type McpPreparation,
} from '@behalf/credential'
import type { HeldDelegation } from '@behalf/wallet'

/** The unexpired delegations that allow this, in their order. */
export function findDelegations(
  held: readonly HeldDelegation[],
  access: McpAccess | McpPreparation,
): readonly HeldDelegation[] {
  return held.filter(
    (delegation) => isUnexpired(delegation, access.now) && isAllowed(delegation.leaf.capabilities, access),
  )
}

/** Whether capabilities allow this. */
export function isAllowed(capabilities: readonly Capability[], access: McpAccess | McpPreparation): boolean {
  try {
    authorize(capabilities, access)
    return true
  } catch (error) {
    if (error instanceof CredentialError) return false
    throw error
  }
}

/** Whether no link of a delegation ended at `now` (milliseconds). */
export function isUnexpired({ links }: HeldDelegation, now: number): boolean {
  return links.every(({ validUntil }) => now < validUntil)
}
