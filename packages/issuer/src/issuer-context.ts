import type { Clock, RandomBytes, Signer } from '@behalf/core'
import type { IssuerKeys } from '@behalf/credential'
import type { Did } from '@behalf/did'
import { IssuerError } from './error.ts'
import type { IssuerStore, IssuerTransaction } from './issuer-store.ts'
import type { Policy } from './policy.ts'

/** Upper bounds that keep one caller from filling the store or a person's day. */
export interface IssuerLimits {
  /** Questions of one agent key in a minute. Default 60. */
  readonly questionsPerAgent: number
  /** Questions in a minute of all keys together that their principals never approved or enrolled. Default 600. */
  readonly questionsOfStrangers: number
  /** Undecided requests of one agent key. Default 10. */
  readonly pendingPerAgent: number
  /** Undecided requests for one principal of all keys that it never approved or enrolled. Default 20. */
  readonly pendingOfStrangers: number
  /** Requests of such keys that one principal is asked about within an hour. Default 60. */
  readonly strangersPerHour: number
  /** Undecided requests of such keys for all principals. Default 10,000. */
  readonly pendingInTotal: number
  /** Children registered under one delegation. Default 1,000. */
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
  readonly dangerouslyLetLoginApprove: boolean
}

/** Trusts this issuer's own key and no other. */
export function ownKeys(context: Pick<IssuerContext, 'did' | 'kid' | 'signer'>): IssuerKeys {
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

/**
 * This issuer's own key is not revoked: what hangs on it would be trusted by nobody.
 *
 * @throws IssuerError `key_revoked`
 */
export async function checkIssuerKeyAlive(
  { kid }: Pick<IssuerContext, 'kid'>,
  tx: IssuerTransaction,
): Promise<void> {
  if (await tx.findRevokedKey(kid)) throw new IssuerError('key_revoked', 'The key of this issuer was revoked')
}
