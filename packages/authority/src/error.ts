import { BehalfError } from '@behalf/core'

/** Every code an authority refuses with; those that begin with `database_` and `keys_` only ever stop a start. */
export type AuthorityErrorCode =
  | 'algorithm_unsupported'
  | 'approval_consumed'
  | 'audience_mismatch'
  | 'chain_broken'
  | 'chain_too_deep'
  | 'credential_expired'
  | 'credential_malformed'
  | 'credential_not_yet_valid'
  | 'credential_revoked'
  | 'credential_signature_invalid'
  | 'credential_too_large'
  | 'credential_type_mismatch'
  | 'csrf_invalid'
  | 'database_foreign'
  | 'database_in_use'
  | 'database_migration_failed'
  | 'database_unsafe'
  | 'forbidden'
  | 'input_invalid'
  | 'invalid_client'
  | 'invalid_dpop_proof'
  | 'invalid_request'
  | 'invalid_scope'
  | 'invalid_target'
  | 'issuer_mismatch'
  | 'issuer_untrusted'
  | 'json_ambiguous'
  | 'key_invalid'
  | 'key_mismatch'
  | 'key_revoked'
  | 'keyid_unsupported'
  | 'keys_corrupt'
  | 'not_found'
  | 'oidc_invalid'
  | 'oidc_unavailable'
  | 'policy_denied'
  | 'rate_limited'
  | 'resolution_blocked'
  | 'resolution_invalid'
  | 'resolution_timeout'
  | 'session_invalid'
  | 'status_invalid'
  | 'status_stale'
  | 'step_up_required'
  | 'storage_failed'
  | 'use_dpop_nonce'
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
