import type { Did } from '@behalf/did'
import type { StatusPosition } from './status-position.ts'

/** When and by whose key a token was revoked. */
export interface TokenRevocation {
  readonly at: number
  /** A DID. */
  readonly by: string
}

/** An access token that was exchanged here for a chain. Times are milliseconds since the epoch. */
export interface TokenRecord {
  /** `urn:uuid:…` */
  readonly id: string
  /** The ids of the delegations it stands on, root first. */
  readonly delegations: readonly string[]
  /** Who may use it: the subject of the last of them. */
  readonly agent: Did
  readonly audience: string
  readonly issuedAt: number
  readonly expiresAt: number
  /** Its place in a token status list. */
  readonly status: StatusPosition
  /** When and by whose key. */
  readonly revoked?: TokenRevocation
}

/** What an issuer keeps of tokens inside one transaction. */
export interface TokenTransaction {
  /** How many there ever were. */
  countTokens(): Promise<number>
  /** @returns false when its place in the list is taken, and then nothing changed */
  insertToken(token: TokenRecord): Promise<boolean>
  /** Undefined for one that never was, or that was forgotten long after its end. */
  findToken(id: string): Promise<TokenRecord | undefined>
  /** Never undone, and never overwritten by a second call. */
  markTokenRevoked(id: string, revocation: TokenRevocation): Promise<void>
  /**
   * The places in a list of those tokens, not ended at `now`, that do not hold any more: they were revoked, or a
   * delegation they stand on was, or the key of an agent in it.
   */
  listInvalidTokens(filter: { readonly list: number; readonly now: number }): Promise<readonly number[]>
  /** The places of those that stand on a delegation that rests. */
  listSuspendedTokens(filter: { readonly list: number; readonly now: number }): Promise<readonly number[]>
}
