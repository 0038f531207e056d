import { BehalfError, CoreError } from '@behalf/core'

/** Why a credential, a chain, a status list or a request under a capability was refused. */
export type CredentialErrorCode =
  | 'algorithm_unsupported'
  | 'attenuation_violation'
  | 'audience_mismatch'
  | 'chain_broken'
  | 'chain_cycle'
  | 'chain_too_deep'
  | 'context_unsupported'
  | 'credential_expired'
  | 'credential_malformed'
  | 'credential_missing'
  | 'credential_not_yet_valid'
  | 'credential_revoked'
  | 'credential_signature_invalid'
  | 'credential_suspended'
  | 'credential_too_large'
  | 'credential_type_mismatch'
  | 'delegation_not_permitted'
  | 'evidence_invalid'
  | 'format_mismatch'
  | 'invalid_token'
  | 'invalid_dpop_proof'
  | 'issuer_mismatch'
  | 'issuer_untrusted'
  | 'json_ambiguous'
  | 'key_invalid'
  | 'keyid_unsupported'
  | 'policy_denied'
  | 'policy_unknown'
  | 'scope_exceeded'
  | 'scope_malformed'
  | 'status_index_invalid'
  | 'status_invalid'
  | WebauthnErrorCode

/** Which rule of WebAuthn an assertion broke. */
export type WebauthnErrorCode =
  | 'webauthn_challenge_invalid'
  | 'webauthn_malformed'
  | 'webauthn_origin_mismatch'
  | 'webauthn_rp_mismatch'
  | 'webauthn_signature_invalid'
  | 'webauthn_user_not_verified'

/** Where in the input the rule was broken. */
export interface CredentialErrorOptions {
  /** Position in the chain, 0 for the root. */
  readonly link?: number
  /** Member name in our spelling, never the refused text. */
  readonly field?: string
  /** The rule of WebAuthn that an assertion inside the input broke. */
  readonly webauthn?: WebauthnErrorCode
  readonly cause?: unknown
}

/** The error class of `@behalf/credential`. */
export class CredentialError extends BehalfError<CredentialErrorCode> {
  /** Position in the chain, 0 for the root; absent when the error is about one credential alone. */
  readonly link?: number
  /** The member that broke the rule, in our spelling. */
  readonly field?: string
  /** The rule of WebAuthn that an assertion inside the input broke. */
  readonly webauthn?: WebauthnErrorCode

  /**
   * @param code the stable reason
   * @param message one English sentence without attacker-chosen text
   * @param options evidence; `cause` is kept for the log
   */
  constructor(code: CredentialErrorCode, message: string, options: CredentialErrorOptions = {}) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause })
    if (options.link !== undefined) this.link = options.link
    if (options.field !== undefined) this.field = options.field
    if (options.webauthn !== undefined) this.webauthn = options.webauthn
  }
}

/** Whether a code is one of a single assertion. */
export function isWebauthnCode(code: CredentialErrorCode): code is WebauthnErrorCode {
  return code.startsWith('webauthn_')
}

/** Returns what `read` returns, and turns a refusal by `@behalf/core` into the code that credentials have for it. */
export function translateCoreErrors<Value>(what: string, read: () => Value): Value {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    const isKept = cause.code === 'json_ambiguous' || cause.code === 'key_invalid'
    const code = isKept ? cause.code : 'credential_malformed'
    throw new CredentialError(code, `The ${what} was refused: ${cause.message}`, { field: what, cause })
  }
}
