import { BehalfError, type JsonObject, parseEd25519Jwk, verifyEd25519 } from '@behalf/core'
import { compactVerify, errors, importJWK } from 'jose'
import { AuthorityError } from '../error.ts'
import type { ForeignJws } from './parse-foreign-jws.ts'
import type { WorkloadAlgorithm } from './workload-algorithm.ts'

/**
 * The JWS was signed with this key. RSA and ECDSA, which nobody signs with here, are for `jose`; Ed25519 keys are held
 * to the one rule of core wherever they come from.
 *
 * @param key - chosen by us, of the type that `alg` needs
 * @throws AuthorityError `credential_signature_invalid`, `key_invalid` for a key that is none or too weak
 */
export async function verifyForeignSignature(
  jws: ForeignJws,
  { alg, key }: { readonly alg: WorkloadAlgorithm; readonly key: JsonObject },
): Promise<void> {
  const holds = alg === 'EdDSA' ? verifiesWithCore(jws, key) : await verifiesWithJose(jws, { alg, key })
  if (holds) return
  throw new AuthorityError(
    'credential_signature_invalid',
    'The token was not signed with the key of its issuer',
  )
}

function verifiesWithCore({ signingInput, signature }: ForeignJws, { kty, crv, x }: JsonObject): boolean {
  try {
    return verifyEd25519(parseEd25519Jwk({ kty, crv, x }), signingInput, signature)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw unusable(cause)
  }
}

async function verifiesWithJose(
  { text }: ForeignJws,
  { alg, key }: { readonly alg: WorkloadAlgorithm; readonly key: JsonObject },
): Promise<boolean> {
  // Only what is public of it, whatever else was published with it.
  const { kty, crv, x, y, n, e } = key
  const members = Object.entries({ kty, crv, x, y, n, e }).filter(([, value]) => typeof value === 'string')
  try {
    const imported = await importJWK(Object.fromEntries(members), alg)
    await compactVerify(text, imported, { algorithms: [alg] })
    return true
  } catch (cause) {
    if (cause instanceof errors.JWSSignatureVerificationFailed) return false
    throw unusable(cause)
  }
}

function unusable(cause: unknown): AuthorityError {
  return new AuthorityError('key_invalid', 'The key of the issuer cannot be used', { cause })
}
