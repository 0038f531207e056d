import type { Generated } from 'kysely'

/** The tables of tokens. Times are milliseconds since the epoch. */
export interface TokenTables {
  readonly tokens: {
    readonly number: Generated<number>
    readonly id: string
    readonly agent: string
    readonly audience: string
    readonly issued_at: number
    readonly expires_at: number
    readonly list: number
    readonly list_index: number
    readonly revoked_at: number | null
    readonly revoked_by: string | null
  }
  readonly token_links: {
    readonly delegation: string
    readonly token: number
    readonly link: number
  }
  readonly token_keys: {
    readonly number: number
    readonly published_at: number
    readonly retired_at: number | null
  }
}
