import { BehalfError } from '@behalf/core'

/** Every code an authority refuses with; those that begin with `database_` and `keys_` only ever stop a start. */
export type AuthorityErrorCode =
  | 'approval_consumed'
  | 'csrf_invalid'
  | 'database_foreign'
  | 'database_in_use'
  | 'database_migration_failed'
  | 'database_unsafe'
  | 'forbidden'
  | 'input_invalid'
  | 'key_revoked'
  | 'keys_corrupt'
  | 'not_found'
  | 'oidc_invalid'
  | 'oidc_unavailable'
  | 'rate_limited'
  | 'session_invalid'
  | 'step_up_required'
  | 'webauthn_attestation_invalid'
  | 'webauthn_challenge_invalid'
  | 'webauthn_counter_regression'
  | 'webauthn_credential_exists'
  | 'webauthn_malformed'
  | 'webauthn_origin_mismatch'
  | 'webauthn_rp_mismatch'
  | 'webauthn_signature_invalid'
  | 'webauthn_user_not_verified'

/** What a refusal carries besides its code. */
export interface AuthorityErrorEvidence {
  readonly cause?: unknown
  /** The member that is wrong, as a path such as `narrow.max_uses`. */
  readonly field?: string
}

/** A refusal by the authority itself. Refusals of the issuer and the verifier keep their own classes. */
export class AuthorityError extends BehalfError<AuthorityErrorCode> {
  readonly field?: string

  constructor(code: AuthorityErrorCode, message: string, evidence: AuthorityErrorEvidence = {}) {
    super(code, message, 'cause' in evidence ? { cause: evidence.cause } : {})
    if (evidence.field !== undefined) this.field = evidence.field
  }
}
