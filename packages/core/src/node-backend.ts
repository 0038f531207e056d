import {
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  hash as nodeHash,
  sign as nodeSign,
  verify as nodeVerify,
} from 'node:crypto'
import type { Backend, Base64Alphabet, Ed25519KeyPair, HashAlgorithm } from './backend.ts'
import { type BoundedMap, createBoundedMap } from './bounded-map.ts'

// RFC 8410 section 4 and 7: the DER before the 32 bytes of a public key or of a seed.
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex')
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex')
const MAX_CACHED_KEYS = 4096

// Importing a key costs about as much as verifying with it, so the keys in use stay imported.
const importedKeys: BoundedMap<KeyObject> = createBoundedMap<KeyObject>(MAX_CACHED_KEYS)

/** The backend of Node.js, on `node:crypto`. */
export const backend: Backend = {
  hash,
  hashToBase64,
  encodeBase64,
  decodeBase64,
  createKeyPair,
  satisfiesEquation,
}

function hash(algorithm: HashAlgorithm, bytes: Uint8Array): Uint8Array {
  return toPlainArray(nodeHash(algorithm, bytes, 'buffer'))
}

function hashToBase64(algorithm: HashAlgorithm, bytes: Uint8Array, alphabet: Base64Alphabet): string {
  return nodeHash(algorithm, bytes, alphabet)
}

function encodeBase64(bytes: Uint8Array, alphabet: Base64Alphabet): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(alphabet)
}

function decodeBase64(text: string): Uint8Array {
  // A copy: small Buffers are windows of a shared pool, whose other contents `.buffer` would expose.
  return new Uint8Array(Buffer.from(text, 'base64'))
}

function createKeyPair(seed: Uint8Array): Ed25519KeyPair {
  const der = Buffer.alloc(PKCS8_PREFIX.length + seed.length)
  der.set(PKCS8_PREFIX)
  der.set(seed, PKCS8_PREFIX.length)
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
  der.fill(0)
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return {
    publicKey: new Uint8Array(spki.subarray(SPKI_PREFIX.length)),
    sign: (message) => toPlainArray(nodeSign(null, message, privateKey)),
  }
}

function satisfiesEquation(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  return nodeVerify(null, message, importKey(publicKey), signature)
}

function importKey(publicKey: Uint8Array): KeyObject {
  const cacheKey = encodeBase64(publicKey, 'base64')
  const known = importedKeys.get(cacheKey)
  if (known !== undefined) return known
  const der = Buffer.concat([SPKI_PREFIX, publicKey])
  const imported = createPublicKey({ key: der, format: 'der', type: 'spki' })
  importedKeys.set(cacheKey, imported)
  return imported
}

function toPlainArray(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
}
