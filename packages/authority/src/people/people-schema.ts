/** The tables about people. Times are milliseconds since the epoch, `_json` columns hold JSON text. */
export interface PeopleTables {
  readonly persons: {
    readonly id: string
    readonly name: string
    readonly roles_json: string
    readonly tenant: string | null
    /** 32 random bytes in base64url, by which an authenticator knows the account. */
    readonly user_handle: string
    readonly created_at: number
    readonly disabled_at: number | null
  }
  readonly passkeys: {
    /** The credential id in base64url. */
    readonly id: string
    readonly person: string
    readonly name: string
    /** COSE_Key in base64url. */
    readonly public_key: string
    readonly counter: number
    readonly software: 0 | 1
    readonly synced: 0 | 1
    readonly created_at: number
    readonly last_used_at: number | null
  }
  readonly sessions: {
    readonly token_hash: string
    readonly person: string
    readonly method: 'passkey' | 'oidc'
    readonly created_at: number
    readonly last_seen_at: number
  }
  readonly company_logins: {
    readonly person: string
    /** The provider, and the account there. */
    readonly issuer: string
    readonly subject: string
  }
  readonly ceremonies: {
    readonly id: string
    readonly purpose: string
    /** base64url. */
    readonly challenge: string
    /** Hash of the token of the session that began it. */
    readonly session: string | null
    readonly data_json: string
    readonly expires_at: number
  }
  readonly codes: {
    readonly code_hash: string
    readonly purpose: 'claim' | 'invitation' | 'recovery'
    readonly person: string | null
    readonly data_json: string
    readonly created_at: number
    readonly created_by: string
    readonly expires_at: number | null
    readonly used_at: number | null
  }
}
