import { concatBytes, equalBytes } from './bytes.ts'
import { isEd25519PublicKey } from './ed25519.ts'
import { CoreError } from './error.ts'
import { decodeHex } from './hex.ts'

/** An elliptic curve key that signs with ECDSA; each coordinate is as long as the field. */
export interface EcCoseKey {
  readonly kind: 'ecdsa'
  readonly curve: 'P-256' | 'P-384' | 'P-521'
  readonly hash: 'SHA-256' | 'SHA-384' | 'SHA-512'
  readonly x: Uint8Array
  readonly y: Uint8Array
}

/** An RSA key that signs with RSASSA-PKCS1-v1_5 and SHA-256; its exponent is 65537. */
export interface RsaCoseKey {
  readonly kind: 'rsa'
  /** 256 to 512 bytes, most significant first. */
  readonly modulus: Uint8Array
}

/** An Ed25519 key. */
export interface Ed25519CoseKey {
  readonly kind: 'ed25519'
  /** 32 bytes. */
  readonly publicKey: Uint8Array
}

/** A public key that a passkey may have here. */
export type CoseKey = EcCoseKey | RsaCoseKey | Ed25519CoseKey

// A passkey's key has no optional members and one order of them (CTAP2 canonical CBOR), so each kind is fixed bytes
// around its numbers, and whatever is spelled otherwise is not one of these keys.
const EC_KINDS = [
  { curve: 'P-256', hash: 'SHA-256', head: 'a5010203262001215820', middle: '225820', length: 32 },
  { curve: 'P-384', hash: 'SHA-384', head: 'a501020338222002215830', middle: '225830', length: 48 },
  { curve: 'P-521', hash: 'SHA-512', head: 'a501020338232003215842', middle: '225842', length: 66 },
] as const
// EdDSA (-8), and its fully specified name Ed25519 (-19), both over curve 6.
const ED25519_HEADS = ['a4010103272006215820', 'a4010103322006215820'] as const
const ED25519_LENGTH = 32
// RS256 (-257); the length of the modulus is the two bytes that follow.
const RSA_HEAD = 'a401030339010020' + '59'
const RSA_EXPONENT = '2143010001'
const RSA_MIN_LENGTH = 256
const RSA_MAX_LENGTH = 512

/**
 * Returns the key that a COSE_Key in CTAP2 canonical form spells, or undefined for every other spelling, type, curve,
 * algorithm or size. Whether a point is on its curve is found out when the key is used.
 * @see RFC 9052 section 7, WebAuthn Level 3 sections 5.8.5 and 6.5.1.1
 */
export function readCoseKey(bytes: Uint8Array): CoseKey | undefined {
  return readEc(bytes) ?? readEd25519(bytes) ?? readRsa(bytes)
}

/**
 * Returns the COSE_Key of an Ed25519 public key, with the algorithm EdDSA.
 * @param publicKey 32 bytes
 * @throws CoreError `key_invalid` when it is not a canonical point of large order
 * @see RFC 9053 section 7.2
 */
export function encodeEd25519CoseKey(publicKey: Uint8Array): Uint8Array {
  if (!isEd25519PublicKey(publicKey)) {
    throw new CoreError('key_invalid', 'The bytes are not an Ed25519 public key')
  }
  return concatBytes(decodeHex(ED25519_HEADS[0]), publicKey)
}

function readEc(bytes: Uint8Array): EcCoseKey | undefined {
  for (const { curve, hash, head, middle, length } of EC_KINDS) {
    const point = readNumbers(bytes, [head, middle], length)
    if (point === undefined) continue
    return { kind: 'ecdsa', curve, hash, x: point.subarray(0, length), y: point.subarray(length) }
  }
  return undefined
}

function readEd25519(bytes: Uint8Array): Ed25519CoseKey | undefined {
  for (const head of ED25519_HEADS) {
    const publicKey = readNumbers(bytes, [head], ED25519_LENGTH)
    if (publicKey !== undefined) return { kind: 'ed25519', publicKey }
  }
  return undefined
}

function readRsa(bytes: Uint8Array): RsaCoseKey | undefined {
  // How long the modulus is follows from the rest; that the key says so as well shows when it is spelled again.
  const modulus = bytes.slice(RSA_HEAD.length / 2 + 2, -RSA_EXPONENT.length / 2)
  const { length } = modulus
  if (length < RSA_MIN_LENGTH || length > RSA_MAX_LENGTH || modulus[0] === 0) return undefined
  const spelled = concatBytes(
    decodeHex(RSA_HEAD),
    new Uint8Array([length >> 8, length & 0xff]),
    modulus,
    decodeHex(RSA_EXPONENT),
  )
  return equalBytes(spelled, bytes) ? { kind: 'rsa', modulus } : undefined
}

/** The numbers of `length` bytes that follow each of `marks`, joined; undefined when `bytes` is not exactly those. */
function readNumbers(bytes: Uint8Array, marks: readonly string[], length: number): Uint8Array | undefined {
  const parts: Uint8Array[] = []
  let end = 0
  for (const mark of marks.map(decodeHex)) {
    if (!equalBytes(bytes.subarray(end, end + mark.length), mark)) return undefined
    end += mark.length
    parts.push(bytes.subarray(end, end + length))
    end += length
  }
  return end === bytes.length ? concatBytes(...parts) : undefined
}
