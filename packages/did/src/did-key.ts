import { type BoundedMap, createBoundedMap } from '@behalf/core'
import { type Did, parseDidUrl } from './did-url.ts'
import { DidError } from './error.ts'
import { decodeMultikey, encodeMultikey } from './multikey.ts'

const DID_KEY = 'did:key:'
const METHOD = /^did:([a-z0-9]+):/
const MAX_CACHED_DIDS = 4096

// Decoding takes as long as half a signature verification, and the same few agents call again and again.
const knownKeys: BoundedMap<Uint8Array> = createBoundedMap<Uint8Array>(MAX_CACHED_DIDS)

/** A `did:key` and the key it spells. */
export interface DidKey {
  readonly did: Did
  /** 32 bytes, a copy. */
  readonly publicKey: Uint8Array
}

/**
 * Returns the `did:key` of an Ed25519 public key.
 * @param publicKey 32 bytes
 * @throws DidError `key_invalid` when it is not a canonical Ed25519 key of large order
 * @see did:key method 0.9 section 2
 * @example
 * encodeDidKey(signer.publicKey) // 'did:key:z6Mk…'
 */
export function encodeDidKey(publicKey: Uint8Array): Did {
  return DID_KEY + encodeMultikey(publicKey)
}

/**
 * Returns the 32-byte public key that a `did:key` spells, a copy.
 * @param did without a fragment
 * @throws DidError `keyid_unsupported` for another DID method
 * @throws DidError `key_invalid` for a second spelling (case, escapes, multibase, varint), another key type or length,
 * and keys that are not canonical points of large order
 * @see did:key method 0.9 section 3.1
 */
export function decodeDidKey(did: Did): Uint8Array {
  const known = knownKeys.get(did)
  if (known !== undefined) return known.slice()
  const publicKey = decodeMultikey(multikeyOf(did))
  knownKeys.set(did, publicKey)
  return publicKey.slice()
}

/**
 * Returns the DID URL of the one verification method of a `did:key`, `did:key:z…#z…`.
 * @throws DidError as {@link decodeDidKey}
 */
export function encodeDidKeyUrl(did: Did): string {
  decodeDidKey(did)
  return urlOf(did)
}

/**
 * Returns the DID and the key of a full DID URL, whose fragment repeats the key.
 * @throws DidError `keyid_unsupported` for another DID method
 * @throws DidError `key_invalid` without a fragment, with another one, and as {@link decodeDidKey}
 * @example
 * const { did, publicKey } = decodeDidKeyUrl(keyid)
 */
export function decodeDidKeyUrl(url: string): DidKey {
  const hash = url.indexOf('#')
  const did = hash === -1 ? url : url.slice(0, hash)
  const publicKey = decodeDidKey(did)
  // The fragment picks the key, so it is compared and never left to a resolver, which would ignore it.
  if (hash === -1 || url.slice(hash + 1) !== did.slice(DID_KEY.length)) {
    throw new DidError('key_invalid', 'The fragment of the DID URL does not repeat the key')
  }
  return { did, publicKey }
}

function urlOf(did: Did): string {
  return `${did}#${did.slice(DID_KEY.length)}`
}

function multikeyOf(did: Did): string {
  // Another method is told before its identifier is looked at: its grammar is not ours to judge.
  const method = METHOD.exec(did)?.[1]
  if (method !== undefined && method !== 'key') {
    throw new DidError('keyid_unsupported', 'Only identifiers of the method did:key are supported here')
  }
  if (parseDidUrl(did).fragment !== undefined) throw new DidError('key_invalid', 'The DID has a fragment')
  return did.slice(DID_KEY.length)
}
