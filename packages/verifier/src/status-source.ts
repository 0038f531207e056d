import type { StatusList } from '@behalf/credential'
import type { Did } from '@behalf/did'

/**
 * What an issuer said last about the status of everything it issued. It never changes: what is said later is another
 * object.
 */
export interface StatusSnapshot {
  /** The list at an address, if the issuer keeps one there: of revocations, or beside it of suspensions. */
  lists(url: string): StatusList | undefined
  /** Whether the key of an agent was revoked. */
  isKeyRevoked(did: Did): boolean
  /** When the issuer said so, by its signature, in milliseconds. */
  readonly time: number
  readonly epoch: number
  readonly sequence: number
  /** The compact JWS in which the issuer said so, for the record; a source may have none. */
  readonly heartbeat?: string
}

/** Knows the status of delegations. */
export interface StatusSource {
  /**
   * The latest snapshot of an issuer, known to be fresh.
   *
   * @throws VerifierError status_stale, status_unavailable (none was ever obtained), status_rollback or status_invalid
   * (what is served now is older than what was seen, or not valid, and nothing fresh is held)
   */
  read(issuer: Did): StatusSnapshot
  /** The signed time of what is held of an issuer, fresh or not, in milliseconds. Never throws. */
  heldTime?(issuer: Did): number | undefined
  /** Whether an issuer ever said that this key of its own, a DID URL, is not to be trusted any more. Never throws. */
  isIssuerKeyRevoked?(kid: string): boolean
  /** Resolves once a snapshot of every issuer was obtained; rejects when closed before. */
  ready(): Promise<void>
  /**
   * From now on the listener is called when there is news of an issuer. A source without this is looked at again each
   * second where something hangs on it.
   *
   * @returns calls it off
   */
  onChange?(listener: (issuer: Did) => void): () => void
  /** Stops asking. */
  close(): void
}

/** The highest numbers seen from one issuer; nothing older is believed, across restarts where it is kept. */
export interface StatusMark {
  readonly epoch: number
  readonly sequence: number
  /** Signed time in milliseconds. */
  readonly time: number
  /** Version of each list by its address. */
  readonly versions: Readonly<Record<string, number>>
  /** DID URLs of keys that the issuer revoked of its own; none is ever trusted again. */
  readonly revokedIssuerKeys?: readonly string[]
}

/** Keeps the marks of issuers across restarts. */
export interface StatusState {
  load(issuer: Did): StatusMark | undefined
  /** The mark is kept when this returns. A heartbeat whose mark cannot be kept is not believed. */
  save(issuer: Did, mark: StatusMark): void
}
