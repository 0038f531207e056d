import { encodeEd25519Jwk, jwkThumbprint } from '@behalf/core'

/**
 * Returns the thumbprint of a key: how a token names the authority's key that signed it (`kid`) and the agent's key
 * that has to be proven (`cnf.jkt`).
 * @param publicKey 32 bytes
 * @returns base64url, 43 characters
 * @throws CoreError `key_invalid`
 * @see RFC 7638 section 3, RFC 9449 section 6.1
 */
export function tokenKeyId(publicKey: Uint8Array): string {
  return jwkThumbprint({ ...encodeEd25519Jwk(publicKey) })
}
