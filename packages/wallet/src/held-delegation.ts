import type { JsonObject } from '@behalf/core'
import { type Delegation, parseDelegationChain } from '@behalf/credential'
import { WalletError } from './error.ts'

/** What is kept of a delegation: its bytes, and what the authority said about its approval. */
export interface DelegationRecord {
  /** Compact JWS of every link, root first. */
  readonly chain: readonly string[]
  /**
   * Evidence of the approval as the authority handed it out; kept, passed on and shown to an API that asks for it,
   * never interpreted here.
   */
  readonly evidence?: JsonObject
}

/** A delegation in a wallet, read from its signed bytes. */
export interface HeldDelegation extends DelegationRecord {
  /** Id of the leaf. */
  readonly id: string
  readonly leaf: Delegation
  /** Root first; the last one is the leaf. */
  readonly links: readonly Delegation[]
  /** Of the whole chain, base64url. */
  readonly digest: string
  /** Origin of the authority that publishes the status of this chain. */
  readonly authority: string
}

/** A chain as it is handed to the agent that may use it; JSON. */
export interface DelegationBundle {
  /** Compact JWS of every link, root first. */
  readonly chain: readonly string[]
  /** Evidence of the root's approval, which an API may ask of whoever acts under it. */
  readonly evidence?: JsonObject
}

/**
 * The delegation that a record holds. Form is checked, proofs are not: see checkOwnChain.
 *
 * @throws {WalletError} status_invalid: the root's status list has no URL
 * @throws {CredentialError} as parseDelegationChain
 */
export function openDelegation(record: DelegationRecord): HeldDelegation {
  const { links, root, leaf, digest } = parseDelegationChain(record.chain)
  return Object.freeze({
    id: leaf.id,
    leaf,
    links,
    digest,
    // The root's list, because an ancestor of ours could have written any URL into its own child.
    authority: originOf(root.status.statusListCredential),
    chain: Object.freeze([...record.chain]),
    ...(record.evidence === undefined ? {} : { evidence: record.evidence }),
  })
}

/** Whether the delegation, and so every link above it, ended at `now` (milliseconds). */
export function isExpired(delegation: HeldDelegation, now: number): boolean {
  return delegation.links.some((link) => link.validUntil <= now)
}

function originOf(url: string): string {
  if (URL.canParse(url)) return new URL(url).origin
  throw new WalletError('status_invalid', 'the status list of the root has no URL')
}
