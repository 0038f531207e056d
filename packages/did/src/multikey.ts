import { concatBytes, isEd25519PublicKey } from '@behalf/core'
import { varint } from 'multiformats'
import { base58btc } from 'multiformats/bases/base58'
import { DidError } from './error.ts'

/** The multicodec of Ed25519 public keys. */
const ED25519_PUB = 0xed
const PREFIX: Uint8Array = varint.encodeTo(ED25519_PUB, new Uint8Array(varint.encodingLength(ED25519_PUB)))
// z and 47 digits: the length of every base58btc spelling of the prefix and 32 bytes.
const MULTIKEY_LENGTH = 48

/**
 * Returns the Multikey spelling of a public key, `z6Mk…`.
 * @param publicKey 32 bytes
 * @throws DidError `key_invalid` when it is not a canonical Ed25519 key of large order
 * @see Controlled Identifiers 1.0 section 2.2.2
 */
export function encodeMultikey(publicKey: Uint8Array): string {
  if (!isEd25519PublicKey(publicKey)) throw invalid('not a canonical point of large order')
  return base58btc.encode(concatBytes(PREFIX, publicKey))
}

/**
 * Returns the 32-byte public key of which `text` is the one Multikey spelling.
 * @throws DidError `key_invalid` for another multibase, codec or length, a varint that is not minimal, or a key that
 * is not a canonical point of large order
 * @see Controlled Identifiers 1.0 section 2.2.2
 */
export function decodeMultikey(text: string): Uint8Array {
  // The length first: decoding base58 takes time in the square of it.
  if (text.length !== MULTIKEY_LENGTH) throw invalid('of another length')
  const publicKey = decodeBase58(text).slice(PREFIX.length)
  // Spelling the key again and comparing finds another codec and a longer varint as well.
  if (encodeMultikey(publicKey) !== text) throw invalid('not in its one spelling')
  return publicKey
}

function decodeBase58(text: string): Uint8Array {
  try {
    return base58btc.decode(text)
  } catch (cause) {
    throw new DidError('key_invalid', 'The key is not spelled in base58btc', { cause })
  }
}

function invalid(what: string): DidError {
  return new DidError('key_invalid', `The key is ${what}, so not an Ed25519 Multikey`)
}
