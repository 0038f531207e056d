import type { DelegationSummary } from '@behalf/wallet'

/**
 * The delegations that an API would still accept: neither they nor any above them ended or was revoked. The authority
 * marks only what was revoked itself; everything below it dies by ancestry.
 */
export function selectActive(delegations: readonly DelegationSummary[]): DelegationSummary[] {
  const byId = new Map(delegations.map((delegation) => [delegation.id, delegation]))
  return delegations.filter((delegation) => isActive(delegation, byId))
}

function isActive(delegation: DelegationSummary, byId: ReadonlyMap<string, DelegationSummary>): boolean {
  const seen = new Set<string>()
  let link: DelegationSummary | undefined = delegation
  while (link !== undefined && !seen.has(link.id)) {
    if (link.status !== 'active') {
      return false
    }
    seen.add(link.id)
    link = link.parentId === undefined ? undefined : byId.get(link.parentId)
  }
  return true
}
