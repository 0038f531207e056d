/** The tables beside the log. */
export interface LedgerTables {
  readonly principal_salts: {
    /** As records name the principal. */
    readonly hash: string
    readonly issuer: string | null
    readonly id: string | null
    readonly salt: Uint8Array | null
    readonly created_at: number
    readonly erased_at: number | null
  }
  readonly apis: {
    readonly did: string
    readonly origins_json: string
    readonly added_at: number
    readonly added_by: string
    readonly removed_at: number | null
  }
  readonly auditors: {
    readonly did: string
    readonly added_at: number
    readonly added_by: string
    readonly removed_at: number | null
  }
  /** Where in the log the records are whose time is in an hour, counted from the epoch. */
  readonly log_hours: {
    readonly hour: number
    readonly first_index: number
    readonly last_index: number
  }
  /** What APIs reported that they accepted. */
  readonly delegation_uses: {
    readonly delegation: string
    readonly origin: string
    readonly uses: number
    readonly last_used_at: number
  }
  readonly request_evidence: {
    readonly entry_index: number
    readonly principal: string | null
    readonly kept_at: number
    readonly salt: Uint8Array
    readonly bytes: Uint8Array
  }
  readonly signed_status_lists: {
    readonly digest: string
    readonly jws: string
    readonly signed_at: number
  }
}
