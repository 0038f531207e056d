import { coversCapabilities } from './attenuation.ts'
import type { Delegation } from './delegation.ts'
import { CredentialError, type CredentialErrorCode } from './error.ts'

type Refuse = (code: CredentialErrorCode, rule: string, field?: string) => CredentialError

/**
 * Makes sure that no two links share a status entry: revoking one must not be taken for revoking the other.
 * @throws CredentialError `status_invalid`
 */
export function checkDistinctStatus(links: readonly Delegation[]): void {
  const entries = new Set<string>()
  for (const [link, { status }] of links.entries()) {
    const entry = `${status.statusListIndex} ${status.statusListCredential}`
    if (entries.has(entry)) {
      throw new CredentialError('status_invalid', `Link ${link} shares its status entry`, { link })
    }
    entries.add(entry)
  }
}

/**
 * Makes sure that the first link is a root and that every other is a child of the link above it, for the same
 * principal and workflow, and no wider. Signers and signatures are checked elsewhere.
 * @throws CredentialError `chain_broken`, `delegation_not_permitted`, `attenuation_violation`, `policy_unknown`, with
 * the position of the link and the member
 */
export function checkAttenuation(links: readonly Delegation[]): void {
  for (const [link, child] of links.entries()) {
    const refuse: Refuse = (code, rule, field) =>
      new CredentialError(code, `Link ${link} ${rule}`, { link, ...(field === undefined ? {} : { field }) })
    const parent = links[link - 1]
    if (parent === undefined) {
      checkRoot(child, refuse)
    } else {
      checkLineage(parent, child, refuse)
      checkLimits(parent, child, refuse)
      checkCapabilities(parent, child, refuse)
    }
  }
}

function checkRoot(root: Delegation, refuse: Refuse): void {
  if (root.parent !== undefined) throw refuse('chain_broken', 'is a child in the place of the root', 'parent')
}

function checkLineage(parent: Delegation, child: Delegation, refuse: Refuse): void {
  if (child.parent?.id !== parent.id || child.parent.digest !== parent.digest) {
    throw refuse('chain_broken', 'names another parent than the link above it', 'parent')
  }
  if (!isSame(parent.onBehalfOf, child.onBehalfOf, ['id', 'role', 'tenant'])) {
    throw refuse('chain_broken', 'acts for another principal', 'onBehalfOf')
  }
  if (!isSame(parent.workflow, child.workflow, ['id', 'run'])) {
    throw refuse('chain_broken', 'belongs to another workflow', 'workflow')
  }
}

function checkLimits(parent: Delegation, child: Delegation, refuse: Refuse): void {
  if (parent.maxDelegationDepth === 0) {
    throw refuse('delegation_not_permitted', 'follows a link that may not delegate', 'maxDelegationDepth')
  }
  if (child.maxDelegationDepth >= parent.maxDelegationDepth) {
    throw refuse('attenuation_violation', 'does not lower the depth', 'maxDelegationDepth')
  }
  if (child.validFrom < parent.validFrom) {
    throw refuse('attenuation_violation', 'begins before the link above it', 'validFrom')
  }
  if (child.validUntil > parent.validUntil) {
    throw refuse('attenuation_violation', 'ends after the link above it', 'validUntil')
  }
}

function checkCapabilities(parent: Delegation, child: Delegation, refuse: Refuse): void {
  const coverage = coversCapabilities(parent.capabilities, child.capabilities)
  if (coverage.covered) return
  throw refuse(coverage.code, `has a capability that the link above it does not cover`, 'capabilities')
}

function isSame<Part extends object>(
  one: Part | undefined,
  other: Part | undefined,
  names: readonly (keyof Part)[],
): boolean {
  if (one === undefined || other === undefined) return one === other
  return names.every((name) => one[name] === other[name])
}
