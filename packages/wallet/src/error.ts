import { BehalfError } from '@behalf/core'

/**
 * Codes an authority may answer with, spelled as on the wire. An answer with another code is `authority_refused`,
 * so that a newer authority cannot make this union lie.
 */
export const AUTHORITY_CODES = [
  'signature_missing',
  'signature_malformed',
  'signature_ambiguous',
  'component_missing',
  'component_unsupported',
  'parameter_missing',
  'parameter_invalid',
  'algorithm_unsupported',
  'tag_mismatch',
  'keyid_unsupported',
  'key_invalid',
  'key_mismatch',
  'key_revoked',
  'signature_invalid',
  'signature_expired',
  'signature_not_yet_valid',
  'signature_window_too_long',
  'nonce_invalid',
  'nonce_replayed',
  'replay_store_unavailable',
  'clock_unsynchronized',
  'digest_missing',
  'digest_mismatch',
  'digest_unsupported',
  'target_mismatch',
  'target_ambiguous',
  'header_ambiguous',
  'request_malformed',
  'request_too_large',
  'header_too_large',
  'body_timeout',
  'rate_limited',
  'credential_missing',
  'credential_malformed',
  'credential_too_large',
  'json_ambiguous',
  'format_mismatch',
  'credential_type_mismatch',
  'context_unsupported',
  'credential_signature_invalid',
  'issuer_untrusted',
  'issuer_mismatch',
  'credential_expired',
  'credential_not_yet_valid',
  'credential_revoked',
  'credential_suspended',
  'context_missing',
  'audience_mismatch',
  'chain_broken',
  'chain_cycle',
  'chain_too_deep',
  'delegation_not_permitted',
  'attenuation_violation',
  'scope_malformed',
  'scope_exceeded',
  'policy_denied',
  'policy_unknown',
  'budget_exceeded',
  'status_invalid',
  'status_index_invalid',
  'status_rollback',
  'status_stale',
  'status_unavailable',
  'resolution_blocked',
  'resolution_invalid',
  'resolution_timeout',
  'step_up_required',
  'approval_mismatch',
  'approval_expired',
  'approval_consumed',
  'input_invalid',
  'forbidden',
  'invalid_client',
  'invalid_dpop_proof',
  'invalid_grant',
  'invalid_request',
  'invalid_scope',
  'invalid_target',
  'invalid_token',
  'use_dpop_nonce',
  'not_found',
  'authorization_pending',
  'slow_down',
  'access_denied',
  'audit_unavailable',
  'storage_failed',
  'internal_error',
] as const

/** A code an authority may answer with. */
export type AuthorityCode = (typeof AUTHORITY_CODES)[number]

/**
 * Why the wallet refused, or why the authority did. Beside the codes of the wire:
 * - `keystore_auth_failed`: the passphrase does not open the file
 * - `keystore_corrupt`: the file is torn, changed, or asks for a work factor outside the bounds
 * - `keystore_insecure`: others may read or write the file
 * - `keystore_missing`, `keystore_exists`: no file to open; a file that would be overwritten
 * - `keystore_locked`: another process holds the file for longer than a save takes
 * - `authority_unreachable`: no answer came
 * - `authority_response_invalid`: the answer is not what the route promises
 * - `authority_refused`: a refusal whose code this version does not know
 */
export type WalletErrorCode =
  | AuthorityCode
  | 'keystore_auth_failed'
  | 'keystore_corrupt'
  | 'keystore_insecure'
  | 'keystore_missing'
  | 'keystore_exists'
  | 'keystore_locked'
  | 'authority_unreachable'
  | 'authority_response_invalid'
  | 'authority_refused'

/** What a refusal can tell beside its code. `status`, `detail`, `reason` and `requestId` come from the authority. */
export interface WalletErrorEvidence {
  /** HTTP status of the authority's answer. */
  readonly status?: number
  /** The authority's English explanation, at most 500 characters, without control characters. */
  readonly detail?: string
  /**
   * Why a person or a policy refused, in words that came from the authority: at most 400 characters, on one line,
   * without control, bidirectional or other hidden characters; `detail` then quotes it.
   */
  readonly reason?: string
  /** Handle of the refused call in the authority's record. */
  readonly requestId?: string
  /** Seconds to wait before another try. */
  readonly retryAfterSeconds?: number
  /** The member that broke a rule. */
  readonly field?: string
  /** Components of a request that a challenge demands and this request cannot cover. */
  readonly missing?: readonly string[]
  readonly cause?: unknown
}

/** A coded refusal by the wallet, or by the authority on its behalf. Wrong arguments are `TypeError` instead. */
export class WalletError extends BehalfError<WalletErrorCode> {
  override readonly name: string = 'WalletError'
  readonly status: number | undefined
  readonly detail: string | undefined
  readonly reason: string | undefined
  readonly requestId: string | undefined
  readonly retryAfterSeconds: number | undefined
  readonly field: string | undefined
  readonly missing: readonly string[] | undefined

  constructor(code: WalletErrorCode, message: string, evidence: WalletErrorEvidence = {}) {
    super(code, message, evidence.cause === undefined ? {} : { cause: evidence.cause })
    this.status = evidence.status
    this.detail = evidence.detail
    this.reason = evidence.reason
    this.requestId = evidence.requestId
    this.retryAfterSeconds = evidence.retryAfterSeconds
    this.field = evidence.field
    this.missing = evidence.missing
  }
}

/** Whether a text is a code of the wire that this version knows. */
export function isAuthorityCode(text: string): text is AuthorityCode {
  return (AUTHORITY_CODES as readonly string[]).includes(text)
}

/**
 * What `run` resolves to; refusals of the packages below are refusals of the wallet, under the same code.
 *
 * @throws {WalletError} for their errors; anything else as it is
 */
export async function translateErrors<Value>(run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (cause) {
    if (!(cause instanceof BehalfError) || !isAuthorityCode(cause.code)) throw cause
    if (cause instanceof WalletError) throw cause
    const field = 'field' in cause && typeof cause.field === 'string' ? { field: cause.field } : {}
    throw new WalletError(cause.code, cause.message, { cause, ...field })
  }
}
