import { createEd25519Signer, type Signer } from '@behalf/core'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'

/** Somebody with a key: an issuer or an agent. */
export interface Party {
  readonly signer: Signer
  readonly did: Did
  readonly kid: string
}

/** The party whose seed is `byte`, thirty-two times. */
export function createParty(byte: number): Party {
  const signer = createEd25519Signer(new Uint8Array(32).fill(byte))
  const did = encodeDidKey(signer.publicKey)
  return { signer, did, kid: encodeDidKeyUrl(did) }
}

export const issuer: Party = createParty(1)
export const otherIssuer: Party = createParty(2)
export const agentA: Party = createParty(0xa)
export const agentB: Party = createParty(0xb)
export const agentC: Party = createParty(0xc)
export const stranger: Party = createParty(0xf)
