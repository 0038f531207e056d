import type { Delegation } from '@behalf/credential'

/** What is proven of one delegation, by itself or by the word of the authority. */
export type ProvenLink = Pick<Delegation, 'id' | 'subject' | 'issuer' | 'status' | 'parent'>

/**
 * What is proven of a chain of delegations, whichever way it was: a `VerifiedChain`, whose links were shown and
 * verified, is one; so is what an access token says of the chain it was exchanged for.
 */
export interface ProvenChain {
  /** Root first. */
  readonly links: readonly ProvenLink[]
  readonly root: Pick<Delegation, 'issuer' | 'onBehalfOf' | 'approval' | 'policy'>
  /** `subject` is the agent that sends the request. */
  readonly leaf: Pick<Delegation, 'id' | 'subject' | 'capabilities' | 'workflow'>
}
