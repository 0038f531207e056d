import { createEd25519Signer, type Signer } from '@behalf/core'
import { type Did, encodeDidKey, encodeDidKeyUrl } from '@behalf/did'
import type { IssuerKeys } from '../../src/index.ts'

/** Someone with a key: an issuer or an agent. */
export interface Actor {
  readonly did: Did
  readonly kid: string
  readonly publicKey: Uint8Array
  readonly signer: Signer
}

/** The time at which every fixture is valid, in milliseconds since the epoch. */
export const NOW: number = Date.UTC(2026, 10, 24, 12, 0, 0)

export const MINUTE = 60_000

/** Creates the actor of a number from 1 to 255; the same number is the same key. */
export function createActor(number: number): Actor {
  const signer = createEd25519Signer(new Uint8Array(32).fill(number))
  const did = encodeDidKey(signer.publicKey)
  return { did, kid: encodeDidKeyUrl(did), publicKey: signer.publicKey, signer }
}

export const issuer: Actor = createActor(1)
export const otherIssuer: Actor = createActor(2)

/** Agents, in the order in which they delegate to each other. */
export const agents: readonly Actor[] = Array.from({ length: 12 }, (_, index) => createActor(10 + index))

/** Returns the agent at a position of {@link agents}. */
export function agent(index: number): Actor {
  const actor = agents[index]
  if (actor === undefined) throw new RangeError('There are not that many agents')
  return actor
}

/** Trusts {@link issuer} alone. */
export const issuers: IssuerKeys = (did, kid) =>
  did === issuer.did && kid === issuer.kid ? issuer.publicKey : undefined
