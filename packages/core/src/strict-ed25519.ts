import type { Backend } from './backend.ts'
import { createBoundedMap } from './bounded-map.ts'
import { decodePoint } from './decode-point.ts'
import { isCanonicalLargeOrder, isCanonicalScalar } from './point-encoding.ts'

const KEY_LENGTH = 32
const SIGNATURE_LENGTH = 64
const MAX_CACHED_KEYS = 4096

/** The strict rule over one backend. */
export interface StrictEd25519 {
  /** See `verifyEd25519`. */
  readonly verify: (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean
  /** See `isEd25519PublicKey`. */
  readonly isPublicKey: (bytes: Uint8Array) => boolean
}

/**
 * Creates the one strict rule over `backend`: everything that backends could answer differently is decided here from
 * the bytes, and only the curve equation is left to the backend.
 */
export function createStrictEd25519(backend: Backend): StrictEd25519 {
  const knownKeys = createBoundedMap<true>(MAX_CACHED_KEYS)
  return {
    verify(publicKey, message, signature) {
      if (!isBytes(publicKey, KEY_LENGTH) || !isBytes(signature, SIGNATURE_LENGTH)) return false
      if (!(message instanceof Uint8Array)) return false
      if (!isCanonicalLargeOrder(publicKey, 0)) return false
      if (!isCanonicalLargeOrder(signature, 0)) return false
      if (!isCanonicalScalar(signature, KEY_LENGTH)) return false
      return backend.satisfiesEquation(publicKey, message, signature)
    },
    isPublicKey(bytes) {
      if (!isBytes(bytes, KEY_LENGTH) || !isCanonicalLargeOrder(bytes, 0)) return false
      const cacheKey = backend.encodeBase64(bytes, 'base64')
      if (knownKeys.get(cacheKey) === true) return true
      // node:crypto imports any 32 bytes and says nothing before it verifies, so the square root is taken here.
      if (decodePoint(bytes) === undefined) return false
      knownKeys.set(cacheKey, true)
      return true
    },
  }
}

function isBytes(value: unknown, length: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length === length
}
