import { md5, sha1 } from '@noble/hashes/legacy.js'
import { backend } from '#backend'

/**
 * The hash functions that HTTP digest fields may name, as they are registered. `sha` (SHA-1) and `md5` are there to be
 * compared where a peer sends them; neither protects anything against an attacker.
 * @see RFC 9530 section 7.2
 */
export type ContentHashAlgorithm = 'sha-256' | 'sha-512' | 'sha' | 'md5'

// The weak ones come from a library everywhere, because `node:crypto` may be built or configured without them.
const FUNCTIONS: ReadonlyMap<string, (bytes: Uint8Array) => Uint8Array> = new Map([
  ['sha-256', (bytes: Uint8Array) => backend.hash('sha256', bytes)],
  ['sha-512', (bytes: Uint8Array) => backend.hash('sha512', bytes)],
  ['sha', sha1],
  ['md5', md5],
])

/** Whether a name is one of the hash functions that {@link hashContent} computes; names are compared as they are. */
export function isContentHashAlgorithm(name: string): name is ContentHashAlgorithm {
  return FUNCTIONS.has(name)
}

/**
 * Returns the digest of `bytes`: 32 bytes for `sha-256`, 64 for `sha-512`, 20 for `sha`, 16 for `md5`.
 * @throws TypeError for another name
 * @see RFC 9530 section 7.2
 */
export function hashContent(algorithm: ContentHashAlgorithm, bytes: Uint8Array): Uint8Array {
  const hash = FUNCTIONS.get(algorithm)
  if (hash === undefined) throw new TypeError('There is no such hash function here')
  return hash(bytes)
}
