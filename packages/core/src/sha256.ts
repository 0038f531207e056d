import { backend } from '#backend'
import { encodeUtf8 } from './utf8.ts'

/**
 * Returns the SHA-256 digest of `bytes`, 32 bytes.
 * @see FIPS 180-4 section 6.2
 */
export function sha256(bytes: Uint8Array): Uint8Array {
  return backend.hash('sha256', bytes)
}

/**
 * Returns the base64 spelling of the SHA-256 digest of `bytes`, 44 characters with padding.
 * @see FIPS 180-4 section 6.2, RFC 4648 section 4
 */
export function sha256Base64(bytes: Uint8Array): string {
  return backend.hashToBase64('sha256', bytes, 'base64')
}

/**
 * Returns the base64url spelling of the SHA-256 digest of `bytes`, 43 characters.
 * @see FIPS 180-4 section 6.2, RFC 4648 section 5
 */
export function sha256Base64url(bytes: Uint8Array): string {
  return backend.hashToBase64('sha256', bytes, 'base64url')
}

/**
 * Returns `sha-256:` and the base64url SHA-256 of the input: the spelling of every digest in credentials.
 * @param input bytes, or text that is taken as UTF-8
 * @throws CoreError `encoding_malformed` for text with a lone surrogate
 */
export function digestSha256(input: Uint8Array | string): string {
  const bytes = typeof input === 'string' ? encodeUtf8(input) : input
  return `sha-256:${sha256Base64url(bytes)}`
}
