import { sha256 } from '@behalf/core'
import { HttpSignatureError } from './error.ts'

/** Registered names, and the names of the same functions in `node:crypto`. */
const NODE_ALGORITHMS: ReadonlyMap<string, string> = new Map([
  ['sha-512', 'sha512'],
  ['sha', 'sha1'],
  ['md5', 'md5'],
])

/** True for algorithms whose value is checked when it is there. */
export function isKnownDigestAlgorithm(algorithm: string): boolean {
  return algorithm === 'sha-256' || NODE_ALGORITHMS.has(algorithm)
}

/** True for algorithms that protect a body against an attacker. @see RFC 9530 section 5 */
export function isStrongDigestAlgorithm(algorithm: string): boolean {
  return algorithm === 'sha-256' || algorithm === 'sha-512'
}

/**
 * The digest of a body.
 *
 * @param algorithm one that {@link isKnownDigestAlgorithm} knows
 * @throws HttpSignatureError `digest_unsupported` where the platform cannot compute it: not knowing is refusing
 */
export function computeDigest(algorithm: string, body: Uint8Array): Uint8Array {
  if (algorithm === 'sha-256') return sha256(body)
  // Looked up at run time, so that the package also loads where there is no node:crypto; SHA-256, the one algorithm we
  // send, needs nothing from it.
  const crypto = globalThis.process?.getBuiltinModule?.('node:crypto')
  const name = NODE_ALGORITHMS.get(algorithm)
  if (crypto === undefined || name === undefined) throw unsupported()
  try {
    return crypto.hash(name, body, 'buffer')
  } catch (cause) {
    throw unsupported(cause)
  }
}

function unsupported(cause?: unknown): HttpSignatureError {
  const message = 'an algorithm of Content-Digest cannot be computed here'
  return new HttpSignatureError('digest_unsupported', message, cause === undefined ? {} : { cause })
}
