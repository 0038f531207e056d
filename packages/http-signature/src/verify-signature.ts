import { encodeUtf8, verifyEd25519 } from '@behalf/core'
import { HttpSignatureError } from './error.ts'
import type { ReadSignature } from './read-signature.ts'

/**
 * The bytes of a signature base.
 *
 * @returns one byte per character, `undefined` when the text is not ASCII: a byte of a field would then have two
 * spellings in the text, and peers disagree on which
 * @see RFC 9421 section 2.5
 */
export function encodeSignatureBase(base: string): Uint8Array | undefined {
  if (!base.isWellFormed()) return undefined
  const bytes = encodeUtf8(base)
  return bytes.length === base.length ? bytes : undefined
}

/**
 * When this returns, the holder of `publicKey` made the signature over the message it was read from.
 *
 * @param signature as `readSignature` returned it
 * @param publicKey 32 bytes; a small-order or malformed key verifies nothing
 * @throws HttpSignatureError `signature_invalid`, also when the signed text is not ASCII
 * @see RFC 9421 section 3.3.6
 */
export function verifySignature(signature: ReadSignature, publicKey: Uint8Array): void {
  const bytes = encodeSignatureBase(signature.base)
  if (bytes === undefined || !verifyEd25519(publicKey, bytes, signature.signature)) {
    throw new HttpSignatureError('signature_invalid', 'the signature does not verify')
  }
}
