import type { Clock, RandomBytes, Signer } from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { IssuerError } from './error.ts'
import type { IssuerStore, IssuerTransaction } from './issuer-store.ts'
import type { Policy } from './policy.ts'

/** Upper bounds that keep one caller from filling the store or a person's day. */
export interface IssuerLimits {
  /** Undecided requests of one agent key. */
  readonly pendingPerAgent: number
  /** Undecided requests of all keys together. */
  readonly pendingInTotal: number
  /** Children registered under one delegation. */
  readonly childrenPerDelegation: number
}

/** What every operation of an issuer works with; see `CreateIssuerOptions`. */
export interface IssuerContext {
  readonly did: Did
  readonly kid: string
  readonly origin: string
  readonly signer: Signer
  readonly store: IssuerStore
  readonly policy: Policy
  readonly clock: Clock
  readonly random: RandomBytes
  readonly defaultSeconds: number
  readonly maxSeconds: number
  readonly requestSeconds: number
  readonly pollIntervalSeconds: number
  readonly limits: IssuerLimits
}

/** Trusts this issuer's own key and no other. */
export function ownKeys(context: IssuerContext): IssuerKeys {
  return (issuer, kid) =>
    issuer === context.did && kid === context.kid ? context.signer.publicKey : undefined
}

/**
 * The key is not revoked, as far as this transaction sees.
 *
 * @throws IssuerError `key_revoked`
 */
export async function checkKeyAlive(tx: IssuerTransaction, agent: Did): Promise<void> {
  if (await tx.findRevokedKey(agent)) throw new IssuerError('key_revoked', 'This key was revoked')
}
