import { BehalfError } from '@behalf/core'
import type { SignatureErrorToken } from '@behalf/http-signature'

/** What was wrong with the request itself: framing, headers, target, signature, body. */
type RequestErrorCode =
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_ambiguous'
  | 'component_missing'
  | 'component_unsupported'
  | 'parameter_missing'
  | 'parameter_invalid'
  | 'algorithm_unsupported'
  | 'tag_mismatch'
  | 'keyid_unsupported'
  | 'key_invalid'
  | 'key_mismatch'
  | 'key_revoked'
  | 'signature_invalid'
  | 'signature_expired'
  | 'signature_not_yet_valid'
  | 'signature_window_too_long'
  | 'nonce_invalid'
  | 'nonce_replayed'
  | 'replay_store_unavailable'
  | 'clock_unsynchronized'
  | 'digest_missing'
  | 'digest_mismatch'
  | 'digest_unsupported'
  | 'target_mismatch'
  | 'target_ambiguous'
  | 'header_ambiguous'
  | 'request_malformed'
  | 'request_too_large'
  | 'header_too_large'
  | 'body_timeout'
  | 'context_missing'

/** What was wrong with a credential, its chain or its proof. */
type CredentialErrorCode =
  | 'credential_missing'
  | 'credential_malformed'
  | 'credential_too_large'
  | 'json_ambiguous'
  | 'format_mismatch'
  | 'credential_type_mismatch'
  | 'context_unsupported'
  | 'cryptosuite_unsupported'
  | 'proof_malformed'
  | 'proof_purpose_mismatch'
  | 'credential_signature_invalid'
  | 'issuer_untrusted'
  | 'issuer_mismatch'
  | 'credential_expired'
  | 'credential_not_yet_valid'
  | 'credential_revoked'
  | 'credential_suspended'
  | 'cache_miss'
  | 'evidence_invalid'
  | 'audience_mismatch'
  | 'chain_broken'
  | 'chain_cycle'
  | 'chain_too_deep'
  | 'delegation_not_permitted'
  | 'attenuation_violation'

/** Why a proven chain does not allow this request, or why its status cannot be told. */
type PolicyErrorCode =
  | 'approval_required'
  | 'scope_malformed'
  | 'scope_exceeded'
  | 'policy_denied'
  | 'policy_unknown'
  | 'budget_exceeded'
  | 'status_invalid'
  | 'status_index_invalid'
  | 'status_rollback'
  | 'status_stale'
  | 'status_unavailable'
  | 'resolution_blocked'
  | 'resolution_invalid'
  | 'resolution_timeout'
  | 'audit_unavailable'

/** What an authority answers to people and to agents that ask for authority. */
type AuthorityErrorCode =
  | 'webauthn_challenge_invalid'
  | 'webauthn_origin_mismatch'
  | 'webauthn_rp_mismatch'
  | 'webauthn_user_not_verified'
  | 'webauthn_signature_invalid'
  | 'webauthn_malformed'
  | 'webauthn_counter_regression'
  | 'webauthn_attestation_invalid'
  | 'webauthn_credential_exists'
  | 'session_invalid'
  | 'step_up_required'
  | 'csrf_invalid'
  | 'approval_mismatch'
  | 'approval_expired'
  | 'approval_consumed'
  | 'input_invalid'
  | 'forbidden'
  | 'not_found'
  | 'authorization_pending'
  | 'slow_down'
  | 'access_denied'
  | 'rate_limited'
  | 'storage_failed'
  | 'internal_error'

/** What a token endpoint or a resource that takes exchanged tokens answers. */
type OauthErrorCode =
  | 'invalid_client'
  | 'invalid_request'
  | 'invalid_grant'
  | 'invalid_scope'
  | 'invalid_target'
  | 'invalid_dpop_proof'
  | 'use_dpop_nonce'
  | 'invalid_token'

/** What an MCP endpoint answers. */
type McpErrorCode =
  | 'mcp_session_mismatch'
  | 'mcp_host_forbidden'
  | 'mcp_batch_unsupported'
  | 'mcp_server_unavailable'
  | 'tool_definition_changed'

/** Every code that can leave a verifier or an authority over HTTP. Codes are never renamed, only added. */
export type VerifierErrorCode =
  | RequestErrorCode
  | CredentialErrorCode
  | PolicyErrorCode
  | AuthorityErrorCode
  | OauthErrorCode
  | McpErrorCode

/** What a refusal may say beside its code: always our own values, never the peer's text. */
export interface RefusalEvidence {
  /** Components that had to be covered, or Agent-Context members that had to be sent. */
  readonly missing?: readonly string[]
  /** The link of the chain that failed, 0 being the root. */
  readonly link?: number
  /** The member of a credential or of an input that failed. */
  readonly field?: string
  /** What a delegation would have to cover: method, a space, the absolute URL without its query. */
  readonly requiredScope?: string
  /** Seconds after which a retry may succeed; the table's own value without it. */
  readonly retryAfterSeconds?: number
  /** The Signature-Error token, where the code alone does not tell it. */
  readonly signatureError?: SignatureErrorToken
}

/** How a `VerifierError` is made: evidence, the cause, and whose fault it was. */
export interface VerifierErrorOptions extends RefusalEvidence {
  readonly cause?: unknown
  /** The request was not to blame: a store, a callback or the set-up of this API was. */
  readonly fault?: boolean
}

/**
 * A refusal of one request, or of a call to an authority.
 *
 * The message is for the log of the API; `toProblemResponse` never sends it.
 */
export class VerifierError extends BehalfError<VerifierErrorCode> implements RefusalEvidence {
  declare readonly missing?: readonly string[]
  declare readonly link?: number
  declare readonly field?: string
  declare readonly requiredScope?: string
  declare readonly retryAfterSeconds?: number
  declare readonly signatureError?: SignatureErrorToken
  /** True when the API itself has to be looked at, not the request. */
  readonly fault: boolean

  constructor(code: VerifierErrorCode, message: string, options: VerifierErrorOptions = {}) {
    const { cause, fault, ...evidence } = options
    super(code, message, cause === undefined ? {} : { cause })
    this.fault = fault ?? false
    Object.assign(this, evidence)
  }
}
