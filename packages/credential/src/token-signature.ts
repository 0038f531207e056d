import { verifyEd25519 } from '@behalf/core'
import { CredentialError } from './error.ts'
import type { CompactJws } from './jws.ts'
import { malformed } from './members.ts'
import { tokenKeyId } from './token-key-id.ts'

/**
 * Returns the 32-byte key that an authority signs tokens with, or undefined for a name that is none of its keys.
 * @param kid the thumbprint of the key, see {@link tokenKeyId}
 */
export type TokenKeys = (kid: string) => Uint8Array | undefined

const HEADER_MEMBERS = ['alg', 'kid', 'typ'] as const

/**
 * Makes sure that a JWS says exactly `alg`, `kid` and this `typ` of itself and was signed with the key it names.
 * @throws CredentialError `credential_type_mismatch`, `credential_malformed`, `issuer_untrusted` for a name that is
 * none of the authority's keys or another key's, `credential_signature_invalid`
 */
export function checkTokenSignature(jws: CompactJws, typ: string, keys: TokenKeys): void {
  const { header, signingInput, signature } = jws
  if (header.typ !== typ) {
    throw new CredentialError('credential_type_mismatch', `The JWS is not of type ${typ}`, { field: 'typ' })
  }
  // A member that brings or names a key, or says how the token is to be read, has no place here.
  if (Object.keys(header).sort().join() !== HEADER_MEMBERS.join()) {
    throw malformed('header', 'has other members than alg, kid and typ')
  }
  const key = typeof header.kid === 'string' ? keys(header.kid) : undefined
  if (key === undefined || tokenKeyId(key) !== header.kid) {
    throw new CredentialError('issuer_untrusted', 'The key is none of the authority’s', { field: 'kid' })
  }
  if (!verifyEd25519(key, signingInput, signature)) {
    throw new CredentialError('credential_signature_invalid', 'The signature is invalid')
  }
}
