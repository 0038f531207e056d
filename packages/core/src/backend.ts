/** The two base64 alphabets of RFC 4648, named as `Buffer` names them. */
export type Base64Alphabet = 'base64' | 'base64url'

/** Hash functions, named as `node:crypto` names them. */
export type HashAlgorithm = 'sha256' | 'sha512'

/** What differs between runtimes. The strict rules live above this interface, so that all backends share them. */
export interface Backend {
  /** The digest of `bytes` in a fresh array. */
  hash(algorithm: HashAlgorithm, bytes: Uint8Array): Uint8Array
  /** The spelling of the digest of `bytes`; a backend may know a shorter way there than through an array. */
  hashToBase64(algorithm: HashAlgorithm, bytes: Uint8Array, alphabet: Base64Alphabet): string
  /** The one canonical spelling: padded in `base64`, unpadded in `base64url`. */
  encodeBase64(bytes: Uint8Array, alphabet: Base64Alphabet): string
  /**
   * A lenient decoding of either alphabet in a fresh array, which may lack what could not be read; the caller
   * re-encodes and compares.
   */
  decodeBase64(text: string): Uint8Array
  /** The key pair of a 32-byte seed; the seed may be overwritten after the call. */
  createKeyPair(seed: Uint8Array): Ed25519KeyPair
  /**
   * Whether `[S]B = R + [h]A` holds exactly (cofactorless) for a 32-byte key and a 64-byte signature; `false` when A
   * is not on the curve. Small-order and non-canonical input has been refused before this is called.
   */
  satisfiesEquation(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
}

/** A public key and the one use of its private half. */
export interface Ed25519KeyPair {
  readonly publicKey: Uint8Array
  readonly sign: (message: Uint8Array) => Uint8Array
}
