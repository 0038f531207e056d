import { getPublicKey, hashes, sign as nobleSign, Point } from '@noble/ed25519'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import type { Backend, Base64Alphabet, Ed25519KeyPair, HashAlgorithm } from './backend.ts'
import { concatBytes, equalBytes } from './bytes.ts'
import { decodePoint } from './decode-point.ts'

// The library's synchronous functions ask for this; nothing else is configured.
hashes.sha512 = sha512

const GROUP_ORDER: bigint = Point.CURVE().n
const CHUNK = 8192
const HASHES = { sha256, sha512 }

/** The backend of runtimes without `node:crypto`: slower, with the same verdicts. */
export const backend: Backend = {
  hash,
  hashToBase64: (algorithm, bytes, alphabet) => encodeBase64(hash(algorithm, bytes), alphabet),
  encodeBase64,
  decodeBase64,
  createKeyPair,
  satisfiesEquation,
}

function hash(algorithm: HashAlgorithm, bytes: Uint8Array): Uint8Array {
  return HASHES[algorithm](bytes)
}

function encodeBase64(bytes: Uint8Array, alphabet: Base64Alphabet): string {
  let binary = ''
  for (let start = 0; start < bytes.length; start += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHUNK))
  }
  const padded = btoa(binary)
  return alphabet === 'base64' ? padded : padded.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

function decodeBase64(text: string): Uint8Array {
  const standard = text.replaceAll('-', '+').replaceAll('_', '/')
  try {
    return Uint8Array.from(atob(standard), (character) => character.charCodeAt(0))
  } catch {
    return new Uint8Array()
  }
}

function createKeyPair(seed: Uint8Array): Ed25519KeyPair {
  const ownSeed = seed.slice()
  return {
    publicKey: getPublicKey(ownSeed),
    sign: (message) => nobleSign(message, ownSeed),
  }
}

// The library's own verify multiplies by the cofactor, which accepts signatures that node:crypto refuses, so the
// equation is computed here: R' = [S]B - [h]A, compared with the bytes of R.
function satisfiesEquation(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const a = decodePoint(publicKey)
  if (a === undefined) return false
  const r = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  const h = littleEndian(sha512(concatBytes(r, publicKey, message))) % GROUP_ORDER
  const expected = Point.BASE.multiplyUnsafe(s).subtract(a.multiplyUnsafe(h))
  return equalBytes(expected.toBytes(), r)
}

function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes.toReversed()) value = (value << 8n) | BigInt(byte)
  return value
}
