import { verifyEd25519 } from '@behalf/core'
import { HttpSignatureError } from './error.ts'
import type { ReadSignature } from './read-signature.ts'

const WORKSPACE_BYTES = 16_384

const encoder = new TextEncoder()
const workspace = new Uint8Array(WORKSPACE_BYTES)

/**
 * The bytes of a signature base.
 *
 * @param target takes them, at least as long as the text
 * @returns one byte per character, `undefined` when the text is not ASCII: a byte of a field would then have two
 * spellings in the text, and peers disagree on which
 * @see RFC 9421 section 2.5
 */
export function encodeSignatureBase(
  base: string,
  target: Uint8Array = new Uint8Array(base.length),
): Uint8Array | undefined {
  // Any other character becomes more than one byte: then more is written, or not everything fits.
  const { read, written } = encoder.encodeInto(base, target)
  return read === base.length && written === base.length ? target.subarray(0, written) : undefined
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
  const { base } = signature
  // Nothing waits between here and the verdict, so that all verifications may share the one place.
  const bytes = encodeSignatureBase(base, base.length <= workspace.length ? workspace : undefined)
  if (bytes === undefined || !verifyEd25519(publicKey, bytes, signature.signature)) {
    throw new HttpSignatureError('signature_invalid', 'the signature does not verify')
  }
}
