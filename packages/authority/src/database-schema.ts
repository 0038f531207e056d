import type { Generated, Kysely } from 'kysely'
import type { LedgerTables } from './ledger/ledger-schema.ts'
import type { NoticeTables } from './notices/notice-schema.ts'
import type { TokenTables } from './oauth/token-schema.ts'
import type { PeopleTables } from './people/people-schema.ts'

/** The tables of an authority. Times are milliseconds since the epoch, `_json` columns hold JSON text. */
export interface AuthorityTables extends PeopleTables, LedgerTables, NoticeTables, TokenTables {
  readonly authority: {
    readonly id: 1
    readonly issuer: string
    readonly created_at: number
  }
  readonly operators: {
    readonly did: string
    readonly name: string
    readonly added_at: number
  }
  readonly requests: {
    readonly id: string
    readonly number: Generated<number>
    readonly version: number
    readonly agent: string
    readonly agent_name: string | null
    readonly terms_json: string
    readonly policy_json: string
    readonly status: 'pending' | 'approved' | 'refused'
    readonly requested_at: number
    readonly expires_at: number
    readonly last_polled_at: number | null
    readonly decided_at: number | null
    readonly decided_by: string | null
    readonly reason: string | null
    readonly delegation_id: string | null
    readonly collected_at: number | null
    readonly approvals_json: Generated<string>
    readonly half: string | null
    readonly stranger: 0 | 1
  }
  readonly question_counts: {
    readonly key: string
    readonly minute: number
    readonly count: number
  }
  readonly approval_drafts: {
    readonly id: string
    readonly person: string | null
    readonly half: string | null
    readonly expires_at: number
    readonly draft_json: string
  }
  readonly enrolments: {
    readonly id: string
    readonly number: Generated<number>
    readonly agent: string
    readonly on_behalf_of_json: string
    readonly capabilities_json: string
    readonly max_seconds: number
    readonly max_delegation_depth: number
    readonly valid_until: number | null
    readonly created_at: number
    readonly created_by: string
    readonly withdrawn_at: number | null
    readonly workload_json: string | null
  }
  readonly workload_proofs: {
    readonly digest: string
    readonly number: Generated<number>
    readonly agent: string
    readonly workload_json: string
    readonly valid_until: number
    readonly proven_at: number
  }
  readonly delegations: {
    readonly id: string
    readonly number: Generated<number>
    readonly parent_id: string | null
    readonly root_id: string
    readonly delegator: string
    readonly subject: string
    readonly on_behalf_of_json: string
    readonly valid_from: number
    readonly valid_until: number
    readonly list: number
    readonly list_index: number
    readonly payload_json: string
    readonly request_id: string | null
    readonly jws: string | null
    readonly evidence_json: string | null
    readonly created_at: number
    readonly revoked_at: number | null
    readonly revoked_by: string | null
    readonly revoked_reason: string | null
    readonly suspended_at: number | null
    readonly suspended_by: string | null
    readonly suspended_reason: string | null
  }
  readonly status_positions: {
    readonly list: number
    readonly list_index: number
  }
  readonly status_lists: {
    readonly number: number
    readonly version: number
    readonly jws: string
    readonly digest: string
    readonly signed_at: number
    readonly valid_until: number
    readonly allocated: number
    readonly needed_until: number
    readonly changes_json: string
  }
  /** One for each of `status_lists`, with the same places. */
  readonly suspension_lists: {
    readonly number: number
    readonly version: number
    readonly jws: string
    readonly digest: string
    readonly signed_at: number
    readonly valid_until: number
    readonly changes_json: string
  }
  readonly revoked_keys: {
    readonly agent: string
    readonly revoked_at: number
    readonly revoked_by: string
    readonly reason: string | null
  }
  readonly publication: {
    readonly id: 1
    readonly epoch: number
    readonly sequence: number
    readonly jws: string
    readonly time: number
  }
  readonly events: {
    readonly sequence: Generated<number>
    readonly time: number
    readonly type: string
    readonly data_json: string
  }
}

/** Kysely over an authority's tables. */
export type AuthorityDatabase = Kysely<AuthorityTables>
