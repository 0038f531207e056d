import { concatBytes, encodeBase64url, encodeUtf8, equalBytes, hmacSha256 } from '@behalf/core'

/** Makes the nonces that a server wants in DPoP proofs, and knows them again; nothing is stored. */
export interface DpopNonces {
  /**
   * The nonce to give out now.
   * @param now milliseconds since the epoch
   */
  issue(now: number): string
  /**
   * Whether a nonce was given out here and has not ended.
   * @param nonce of a verified proof
   * @param now milliseconds since the epoch
   */
  isCurrent(nonce: string, now: number): boolean
}

/** What nonces are made with. */
export interface DpopNoncesOptions {
  /** At least 32 bytes that nobody else knows; replicas that share them take each other's nonces. */
  readonly secret: Uint8Array
  /** How long a nonce is taken, from this many seconds to twice as many; 120 unless said otherwise. */
  readonly lifetimeSeconds?: number
}

const MIN_SECRET_BYTES = 32
const DEFAULT_LIFETIME_SECONDS = 120
const SLOT_BYTES = 8
const CONTEXT: Uint8Array = encodeUtf8('behalf DPoP nonce ')

/**
 * Creates nonces that prove how old a proof can be at most: each is the number of a stretch of time with an HMAC over
 * it, so that whoever was not told it cannot know it before its time.
 * @throws TypeError for a secret of less than 32 bytes, or a lifetime that is not a positive number
 * @see RFC 9449 sections 8 and 9
 * @example
 * const nonces = createDpopNonces({ secret: systemRandomBytes(32) })
 */
export function createDpopNonces(options: DpopNoncesOptions): DpopNonces {
  const { lifetimeSeconds = DEFAULT_LIFETIME_SECONDS } = options
  if (options.secret.length < MIN_SECRET_BYTES) {
    throw new TypeError(`The secret must have at least ${MIN_SECRET_BYTES} bytes`)
  }
  if (!(lifetimeSeconds > 0 && lifetimeSeconds < Infinity)) {
    throw new TypeError('lifetimeSeconds must be a positive number')
  }
  const secret = options.secret.slice()
  const slotAt = (now: number): number => Math.floor(now / (lifetimeSeconds * 1000))
  const write = (slot: number): string => {
    const bytes = new Uint8Array(SLOT_BYTES)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(slot))
    return encodeBase64url(concatBytes(bytes, hmacSha256(secret, concatBytes(CONTEXT, bytes))))
  }
  return Object.freeze({
    issue: (now: number) => write(slotAt(now)),
    isCurrent: (nonce: string, now: number) => {
      const slot = slotAt(now)
      // The one of the stretch before was given out up to a moment ago.
      return [slot, slot - 1].some((known) => equalBytes(encodeUtf8(nonce), encodeUtf8(write(known))))
    },
  })
}
