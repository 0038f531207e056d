import { decodeBase64url } from './base64.ts'
import { concatBytes } from './bytes.ts'
import { decodeHex } from './hex.ts'
import { sha256 } from './sha256.ts'

/** A key pair on P-256, as those need it that sign with it by other means. */
export interface P256Key {
  /** The private scalar, 32 bytes in base64url. */
  readonly privateKey: string
  /** The uncompressed point, 65 bytes. */
  readonly publicKey: Uint8Array
}

const SEED_LENGTH = 32
const POINT_LENGTH = 65
// PrivateKeyInfo (RFC 5958) of P-256 around an ECPrivateKey (RFC 5915) without its public key.
const PKCS8_PREFIX = decodeHex('3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420')

/**
 * Resolves to the key that a seed stands for: the same seed, the same key.
 * @param seed 32 random bytes
 * @throws TypeError when the seed is not 32 bytes
 * @see FIPS 186-5 appendix A.2.2: candidates that are no scalar are passed over
 */
export async function createP256Key(seed: Uint8Array): Promise<P256Key> {
  if (seed.length !== SEED_LENGTH) throw new TypeError(`The seed must be ${SEED_LENGTH} bytes`)
  for (let counter = 0; ; counter += 1) {
    const scalar = sha256(concatBytes(seed, Uint8Array.of(counter)))
    const key = await importScalar(scalar)
    if (key) return key
  }
}

/** Resolves to whether `bytes` are an uncompressed point of P-256, 65 bytes. */
export async function isP256PublicKey(bytes: Uint8Array): Promise<boolean> {
  if (bytes.length !== POINT_LENGTH || bytes[0] !== 4) return false
  const algorithm = { name: 'ECDH', namedCurve: 'P-256' }
  return crypto.subtle.importKey('raw', bytes.slice(), algorithm, false, []).then(
    () => true,
    () => false,
  )
}

/** Undefined for zero and for what is not below the order. */
async function importScalar(scalar: Uint8Array): Promise<P256Key | undefined> {
  const pkcs8 = concatBytes(PKCS8_PREFIX, scalar)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  const key = await crypto.subtle
    .importKey('pkcs8', pkcs8.slice(), algorithm, true, ['sign'])
    .catch(() => undefined)
  if (!key) return undefined
  const { d = '', x = '', y = '' } = await crypto.subtle.exportKey('jwk', key)
  const publicKey = concatBytes(Uint8Array.of(4), decodeBase64url(x), decodeBase64url(y))
  return { privateKey: d, publicKey }
}
