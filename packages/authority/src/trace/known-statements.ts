import type { AuditRecord } from '@behalf/audit-log'
import type { IssuerKeys } from '@behalf/credential'
import type { Did } from '@behalf/did'
import type { StatusLists } from './prove-status.ts'
import { textOf } from './record-members.ts'

/** A record with its place in the log. */
export interface PlacedRecord {
  readonly index: number
  readonly record: AuditRecord
}

/** Records of exchanges, by the id of the token. */
export type Exchanges = ReadonlyMap<string, PlacedRecord>

/** What evidence is checked with. */
export interface KnownStatements {
  /** Whose log it is. */
  readonly authority: Did
  readonly issuers: IssuerKeys
  readonly lists: StatusLists
  readonly exchanges: Exchanges
}

/** Returns what the log has of exchanges of delegations for tokens; of two for one token it is the first. */
export function toExchanges(entries: Iterable<PlacedRecord>): Exchanges {
  const exchanges = new Map<string, PlacedRecord>()
  for (const entry of entries) {
    const { type, jti } = entry.record
    if (type === 'token_exchanged' && !exchanges.has(textOf(jti))) exchanges.set(textOf(jti), entry)
  }
  return exchanges
}
