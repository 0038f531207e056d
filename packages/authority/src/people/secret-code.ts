import {
  encodeBase64url,
  encodeUtf8,
  equalBytes,
  type RandomBytes,
  sha256,
  sha256Base64url,
} from '@behalf/core'

const TOKEN_BYTES = 32
const RECOVERY_BYTES = 10
// Crockford's alphabet: nothing in it is read as something else.
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Returns 256 random bits in base64url: a session's token, or a code that travels in a link. */
export function createToken(random: RandomBytes): string {
  return encodeBase64url(random(TOKEN_BYTES))
}

/** Returns 80 random bits as four groups of four characters, for a person to write down and to type. */
export function createRecoveryCode(random: RandomBytes): string {
  const bits = Array.from(random(RECOVERY_BYTES), (byte) => byte.toString(2).padStart(8, '0')).join('')
  const characters = bits.match(/.{5}/gu) ?? []
  const text = characters.map((five) => ALPHABET[Number.parseInt(five, 2)]).join('')
  return text.replaceAll(/(.{4})(?=.)/gu, '$1-')
}

/** What is stored of a secret that has at least 80 random bits: its SHA-256 in base64url. */
export function hashSecret(secret: string): string {
  return sha256Base64url(encodeUtf8(secret))
}

/** Whether both are the same secret. The time it takes says nothing about where they differ. */
export function isSameSecret(given: string, expected: string): boolean {
  return equalBytes(sha256(encodeUtf8(given)), sha256(encodeUtf8(expected)))
}
