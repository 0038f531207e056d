import { canonicalizeJson, concatBytes, digestSha256, encodeUtf8 } from '@behalf/core'

/** Bytes of a salt. */
export const SALT_BYTES = 32

/**
 * Returns how a record names a principal: to whoever has the salt it is this pair, and to nobody once it is erased.
 *
 * @param principal - the root issuer and the id it uses
 * @param salt - 32 random bytes, kept beside the log and for this principal alone
 * @throws TypeError for a salt of another length
 */
export function hashPrincipal(
  { issuer, id }: { readonly issuer: string; readonly id: string },
  salt: Uint8Array,
): string {
  return saltedDigest(salt, canonicalizeJson({ issuer, id }))
}

/**
 * Returns the digest by which a record holds what lies beside the log: nobody can guess the text from it without the
 * salt.
 *
 * @param salt - 32 random bytes
 * @throws TypeError for a salt of another length
 */
export function saltedDigest(salt: Uint8Array, text: string): string {
  // With salts of one length no other pair of salt and text has these bytes.
  if (salt.length !== SALT_BYTES) throw new TypeError(`a salt has ${SALT_BYTES} bytes`)
  return digestSha256(concatBytes(salt, encodeUtf8(text)))
}
