/**
 * The registered values of `error` in a `Signature-Error` field.
 *
 * @see draft-hardt-httpbis-signature-key, section on Signature-Error
 */
export type SignatureErrorToken =
  | 'unsupported_algorithm'
  | 'unsupported_scheme'
  | 'cache_miss'
  | 'invalid_signature'
  | 'invalid_input'
  | 'invalid_request'
  | 'invalid_key'
  | 'unknown_key'
  | 'issuer_missing'
  | 'issuer_mismatch'
  | 'invalid_jwt'
  | 'expired_jwt'
  | 'clock_skew'
