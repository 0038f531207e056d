import { BehalfError } from '@behalf/core'
import type { SignatureErrorToken } from './signature-error-token.ts'

/** Every reason for which this package refuses a message; spelled as in the HTTP answer. */
export type HttpSignatureErrorCode =
  | 'signature_missing'
  | 'signature_malformed'
  | 'signature_ambiguous'
  | 'component_missing'
  | 'component_unsupported'
  | 'parameter_missing'
  | 'parameter_invalid'
  | 'algorithm_unsupported'
  | 'tag_mismatch'
  | 'signature_invalid'
  | 'signature_expired'
  | 'signature_not_yet_valid'
  | 'signature_window_too_long'
  | 'nonce_invalid'
  | 'digest_missing'
  | 'digest_mismatch'
  | 'digest_unsupported'
  | 'header_ambiguous'
  | 'credential_missing'
  | 'credential_malformed'
  | 'key_invalid'

/** Evidence that may go with a refusal. */
export interface HttpSignatureErrorOptions {
  /** The lower-level error. */
  readonly cause?: unknown
  /** The components or parameters that are not there, in our own order. */
  readonly missing?: readonly string[]
  /** The `Signature-Error` token to answer with, where the code alone does not tell it. */
  readonly signatureError?: SignatureErrorToken
}

/** A refusal of this package: `code` is the contract, the message is for people. */
export class HttpSignatureError extends BehalfError<HttpSignatureErrorCode> {
  /** The components or parameters that are not there; set for the codes `component_missing` and `parameter_missing`. */
  declare readonly missing?: readonly string[]
  /** The `Signature-Error` token to answer with, where the code alone does not tell it. */
  declare readonly signatureError?: SignatureErrorToken

  constructor(code: HttpSignatureErrorCode, message: string, options: HttpSignatureErrorOptions = {}) {
    super(code, message, 'cause' in options ? { cause: options.cause } : {})
    this.name = 'HttpSignatureError'
    if (options.missing !== undefined) this.missing = options.missing
    if (options.signatureError !== undefined) this.signatureError = options.signatureError
  }
}
