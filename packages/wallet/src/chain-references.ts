import { BehalfError, createBoundedMap } from '@behalf/core'
import { parseSignatureError, parseSignatureKeyCache, type SignatureKeyCache } from '@behalf/http-signature'
import type { HeldDelegation } from './held-delegation.ts'
import { SIGNATURE_LABEL } from './sign-request.ts'

/** What origins said about holding our chains, so that they may be named instead of sent. */
export interface ChainReferences {
  /**
   * Whether the origin said that it holds this chain, for longer than `now`.
   *
   * @param now milliseconds since the epoch
   */
  isHeld(origin: string, delegation: HeldDelegation, now: number): boolean
  /** Takes up what the answer to a full presentation offers; only the name that we compute ourselves counts. */
  learn(origin: string, delegation: HeldDelegation, response: Response): void
  /** The origin does not hold this chain. */
  forget(origin: string, delegation: HeldDelegation): void
}

const MAX_REFERENCES = 1000

/** Makes an empty memory; at most 1,000 pairs of origin and chain. */
export function createChainReferences(): ChainReferences {
  /** Until when, in milliseconds. */
  const held = createBoundedMap<number>(MAX_REFERENCES)
  const nameOf = (origin: string, { digest }: HeldDelegation): string => `${origin} ${digest}`
  return {
    isHeld: (origin, delegation, now) => (held.get(nameOf(origin, delegation)) ?? 0) > now,
    learn: (origin, delegation, response) => {
      const offer = readOffer(response)
      // With any other name, somebody between us and the API could choose what our signature stands for.
      if (offer?.cid !== delegation.digest || offer.jti !== delegation.id) return
      held.set(nameOf(origin, delegation), offer.expires * 1000)
    },
    forget: (origin, delegation) => held.set(nameOf(origin, delegation), 0),
  }
}

/** Whether a reference was refused because the chain is not held: then, and only then, the chain is sent in full. */
export function isCacheMiss(response: Response): boolean {
  const header = response.headers.get('signature-error')
  if (response.status !== 401 || header === null) return false
  return readIfWellFormed(() => parseSignatureError(header))?.error === 'cache_miss'
}

function readOffer(response: Response): SignatureKeyCache | undefined {
  const header = response.headers.get('signature-key-cache')
  if (header === null) return undefined
  return readIfWellFormed(() => parseSignatureKeyCache(header, SIGNATURE_LABEL))
}

function readIfWellFormed<Value>(read: () => Value): Value | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}
