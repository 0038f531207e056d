import { backend } from '#backend'
import { createStrictEd25519, type StrictEd25519 } from './strict-ed25519.ts'

const strict: StrictEd25519 = createStrictEd25519(backend)

/**
 * Whether `signature` is `publicKey`'s over `message` under the one rule of this project: the cofactorless equation,
 * canonical S, A and R, and no small-order point as A or R. Malformed input of any kind is `false`; nothing is thrown.
 * @param publicKey 32 bytes
 * @param message the signed bytes
 * @param signature 64 bytes, R then S
 * @see RFC 8032 section 5.1.7
 */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return strict.verify(publicKey, message, signature)
}

/**
 * Whether `bytes` are a public key that only the holder of its private half can sign for: 32 bytes, canonical, on the
 * curve, not one of the small-order points.
 * @see RFC 8032 section 5.1.3
 */
export function isEd25519PublicKey(bytes: Uint8Array): boolean {
  return strict.isPublicKey(bytes)
}
