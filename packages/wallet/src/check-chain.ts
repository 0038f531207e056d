import { type IssuerKeys, parseDelegationChain, verifyDelegationChain } from '@behalf/credential'
import { type Did, DidError, decodeDidKeyUrl } from '@behalf/did'
import { WalletError } from './error.ts'
import { type DelegationRecord, type HeldDelegation, openDelegation } from './held-delegation.ts'

/** An authority's clock may be this far ahead of ours. */
const MAX_SKEW_MILLISECONDS = 5 * 60 * 1000

/** What a chain is checked against. */
export interface CheckChainOptions {
  /** Whose delegation it must be. */
  readonly subject: Did
  /** Keys of root issuers. */
  readonly issuerKeys: IssuerKeys
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The delegation that a chain holds: for that subject, not ended, every link signed by the agent above it and no
 * wider. Whether a verifier trusts the root's issuer, and revocation, are for verifiers to know.
 *
 * @throws {WalletError} key_mismatch: it is for another agent; status_invalid
 * @throws {CredentialError} as verifyDelegationChain
 */
export function checkChain(record: DelegationRecord, options: CheckChainOptions): HeldDelegation {
  const parsed = parseDelegationChain(record.chain)
  if (parsed.leaf.subject !== options.subject) {
    throw new WalletError('key_mismatch', 'the delegation is for another agent')
  }
  const start = Math.max(options.now, ...parsed.links.map(({ validFrom }) => validFrom))
  const now = Math.min(start, options.now + MAX_SKEW_MILLISECONDS)
  verifyDelegationChain(parsed, { issuers: options.issuerKeys, now, clockToleranceSeconds: 0 })
  return openDelegation(record)
}

/** The key in a `did:key` issuer's own name; no key for any other issuer. */
export const didKeyIssuers: IssuerKeys = (issuer, kid) => {
  try {
    const { did, publicKey } = decodeDidKeyUrl(kid)
    return did === issuer ? publicKey : undefined
  } catch (error) {
    if (error instanceof DidError) return undefined
    throw error
  }
}
