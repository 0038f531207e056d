import type { Generated } from 'kysely'

/** The tables about notices. Times are milliseconds since the epoch, `_json` columns hold JSON text. */
export interface NoticeTables {
  readonly notice_targets: {
    readonly number: Generated<number>
    readonly id: string
    readonly person: string
    readonly kind: 'webhook' | 'push'
    /** The URL of a webhook, or the endpoint of a push subscription. */
    readonly address: string
    /** Of a push subscription alone: `p256dh` and `auth`, both in base64url. */
    readonly keys_json: string | null
    readonly events_json: string
    readonly created_at: number
    /** Attempts that failed since the last one that did not. */
    readonly failures: Generated<number>
    readonly retry_at: Generated<number>
    readonly last_delivered_at: number | null
    readonly last_failed_at: number | null
    readonly last_failure: string | null
    readonly disabled_at: number | null
  }
  readonly notices: {
    readonly number: Generated<number>
    readonly id: string
    readonly target: string
    readonly type: string
    /** The request, delegation or agent it is about: told once to each target. */
    readonly about: string
    readonly data_json: string
    readonly created_at: number
    /** From then on it is of no use to a person. */
    readonly expires_at: number | null
    readonly attempts: Generated<number>
    /** When it was delivered or given up. */
    readonly settled_at: number | null
  }
  readonly notice_sweep: {
    readonly id: 1
    /** Requests that ran out until then were looked at. */
    readonly swept_until: number
  }
}
