import { createEd25519Signer, type Signer } from '@behalf/core'
import { encodeDidKey, encodeDidKeyUrl } from '@behalf/did'

/** Somebody with a key: an issuer or an agent. */
export interface Party {
  readonly signer: Signer
  readonly publicKey: Uint8Array
  readonly did: string
  /** The DID URL of the key. */
  readonly kid: string
}

/** The party whose seed is `byte`, thirty-two times. */
export function createParty(byte: number): Party {
  const signer = createEd25519Signer(new Uint8Array(32).fill(byte))
  const did = encodeDidKey(signer.publicKey)
  return { signer, publicKey: signer.publicKey, did, kid: encodeDidKeyUrl(did) }
}

/** Who signs the root of the baseline request. */
export const issuer: Party = createParty(0x11)
/** Another issuer, trusted where a case says so. */
export const otherIssuer: Party = createParty(0x12)
/** The agents of the baseline chain, in order; C signs the request. */
export const agentA: Party = createParty(0xa1)
export const agentB: Party = createParty(0xb1)
export const agentC: Party = createParty(0xc1)
/** An agent with a key of its own and nothing else. */
export const stranger: Party = createParty(0xf1)
