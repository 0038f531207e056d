import { BehalfError } from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import { decodeDidKeyUrl } from '@behalf/did'

/**
 * The key in a did:key issuer's own name, and no key for any other issuer: enough to check a signature, and no word
 * on whether the issuer is to be trusted.
 */
export const ownKeys: IssuerKeys = (issuer, kid) => {
  try {
    const { did, publicKey } = decodeDidKeyUrl(kid)
    return did === issuer ? publicKey : undefined
  } catch (error) {
    if (error instanceof BehalfError) {
      return undefined
    }
    throw error
  }
}
