import { encodeUtf8, verifyEd25519 } from '@behalf/core'
import { HttpSignatureError } from './error.ts'
import type { ReadSignature } from './read-signature.ts'

const UNSIGNABLE = /[^ -~\t\n]/

/** True when a text has one encoding in bytes everywhere: ASCII, and nothing invisible but tabs and line feeds. */
export function isSignableText(text: string): boolean {
  return !UNSIGNABLE.test(text)
}

/**
 * When this returns, the holder of `publicKey` made the signature over the message it was read from.
 *
 * @param signature as `readSignature` returned it
 * @param publicKey 32 bytes; a small-order or malformed key verifies nothing
 * @throws HttpSignatureError `signature_invalid`, also when the signed text is not ASCII: one byte of a field would
 * then have two spellings in the text, and the peers disagree on which
 * @see RFC 9421 section 3.3.6
 */
export function verifySignature(signature: ReadSignature, publicKey: Uint8Array): void {
  const { base } = signature
  if (!isSignableText(base) || !verifyEd25519(publicKey, encodeUtf8(base), signature.signature)) {
    throw new HttpSignatureError('signature_invalid', 'the signature does not verify')
  }
}
