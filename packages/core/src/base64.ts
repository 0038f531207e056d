import { backend } from '#backend'
import type { Base64Alphabet } from './backend.ts'
import { CoreError } from './error.ts'

/**
 * Returns the base64url spelling of `bytes`, without padding.
 * @see RFC 4648 section 5
 */
export function encodeBase64url(bytes: Uint8Array): string {
  return backend.encodeBase64(bytes, 'base64url')
}

/**
 * Returns the bytes of which `text` is the one base64url spelling.
 * @throws CoreError `encoding_malformed` for padding, white space, the other alphabet, or unused bits that are not zero
 * @see RFC 4648 sections 3.5 and 5
 */
export function decodeBase64url(text: string): Uint8Array {
  return decodeStrictly(text, 'base64url')
}

/**
 * Returns the base64 spelling of `bytes`, with padding.
 * @see RFC 4648 section 4
 */
export function encodeBase64(bytes: Uint8Array): string {
  return backend.encodeBase64(bytes, 'base64')
}

/**
 * Returns the bytes of which `text` is the one base64 spelling.
 * @throws CoreError `encoding_malformed` for missing padding, white space, the other alphabet, or unused bits that are not zero
 * @see RFC 4648 sections 3.5 and 4
 */
export function decodeBase64(text: string): Uint8Array {
  return decodeStrictly(text, 'base64')
}

function decodeStrictly(text: string, alphabet: Base64Alphabet): Uint8Array {
  const bytes = backend.decodeBase64(text)
  // Decoders skip what they do not know and ignore the unused bits; comparing finds every such second spelling.
  if (backend.encodeBase64(bytes, alphabet) !== text) {
    throw new CoreError('encoding_malformed', `The text is not canonical ${alphabet}`)
  }
  return bytes
}
