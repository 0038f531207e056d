import type { VerifiedChain } from '@behalf/credential'
import { type FieldLines, serializeSignatureKeyCache } from '@behalf/http-signature'
import type { Presentation } from './delegation-steps.ts'
import type { VerifiedChains } from './verified-chains.ts'

/** What an offer depends on. */
export interface OfferReferenceOptions {
  readonly presentation: Presentation
  readonly chains: VerifiedChains
  /** Of the signature that covers Signature-Key. */
  readonly label: string
}

const NO_HEADERS: FieldLines = Object.freeze([])

/**
 * The header that tells the agent to name this chain from now on, where it asked for that, the verifier offers it and
 * the chain is held.
 *
 * @param chain of a request that was accepted
 * @returns no line, or `Signature-Key-Cache`; frozen
 * @see draft-hardt-httpbis-signature-key
 */
export function offerReference(chain: VerifiedChain, options: OfferReferenceOptions): FieldLines {
  const { presentation, chains, label } = options
  if (presentation.kind !== 'chain' || !presentation.cache || !chains.offersReferences) return NO_HEADERS
  if (chains.find(chain.digest) === undefined) return NO_HEADERS
  const value = serializeSignatureKeyCache(label, {
    cid: chain.digest,
    jti: chain.leaf.id,
    expires: Math.floor(Math.min(...chain.links.map(({ validUntil }) => validUntil)) / 1000),
  })
  return Object.freeze([Object.freeze(['Signature-Key-Cache', value] as const)])
}
