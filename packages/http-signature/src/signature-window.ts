import { HttpSignatureError } from './error.ts'
import type { ReadSignature } from './read-signature.ts'

/** Options of {@link checkSignatureWindow}. */
export interface SignatureWindowOptions {
  /** The verifier's clock, milliseconds since the epoch. */
  readonly now: number
  /** The longest time from `created` to `expires`; 300 unless set. */
  readonly maxWindowSeconds?: number
  /** How far `created` may be ahead of the verifier's clock; 5 unless set. */
  readonly createdToleranceSeconds?: number
  /** How far `expires` may be behind the verifier's clock; 30 unless set. */
  readonly expiresToleranceSeconds?: number
}

/**
 * When this returns, the signature is used within its own window and that window is short.
 *
 * @throws HttpSignatureError `signature_window_too_long`, `signature_expired`, `signature_not_yet_valid`
 * @throws TypeError when `now` is not a number, which would make every comparison false
 * @see RFC 9421 section 3.2.1
 */
export function checkSignatureWindow(
  signature: Pick<ReadSignature, 'created' | 'expires'>,
  options: SignatureWindowOptions,
): void {
  const { now, maxWindowSeconds = 300, createdToleranceSeconds = 5, expiresToleranceSeconds = 30 } = options
  if (!Number.isFinite(now)) throw new TypeError('now is milliseconds since the epoch')
  if (signature.expires - signature.created > maxWindowSeconds) {
    throw new HttpSignatureError(
      'signature_window_too_long',
      `a signature lasts at most ${maxWindowSeconds} s`,
    )
  }
  if (now > (signature.expires + expiresToleranceSeconds) * 1000) {
    throw new HttpSignatureError('signature_expired', 'the signature has expired')
  }
  if (signature.created * 1000 > now + createdToleranceSeconds * 1000) {
    throw new HttpSignatureError('signature_not_yet_valid', 'the signature was created in the future')
  }
}
