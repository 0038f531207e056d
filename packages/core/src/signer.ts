import { backend } from '#backend'

/** One key that can sign. A new kind of key store is a new implementation of this interface. */
export interface Signer {
  /** The 32-byte Ed25519 public key, a copy. */
  readonly publicKey: Uint8Array
  /** Resolves to the 64-byte signature over `message`. */
  sign(message: Uint8Array): Promise<Uint8Array>
}

const SEED_LENGTH = 32
const REDACTED = '[redacted]'
const inspectSymbol: unique symbol = Symbol.for('nodejs.util.inspect.custom')

/**
 * Creates the signer of an Ed25519 seed. The seed is copied and reachable neither through the signer nor through what
 * prints, serialises or clones it.
 * @param seed 32 bytes, which the caller may overwrite afterwards
 * @throws TypeError when the seed is not 32 bytes
 * @see RFC 8032 section 5.1.5 and 5.1.6
 * @example
 * const signer = createEd25519Signer(systemRandomBytes(32))
 * const signature = await signer.sign(encodeUtf8('hello'))
 */
export function createEd25519Signer(seed: Uint8Array): Signer {
  if (!(seed instanceof Uint8Array) || seed.length !== SEED_LENGTH) {
    throw new TypeError(`The seed must be a Uint8Array of ${SEED_LENGTH} bytes`)
  }
  const { publicKey, sign } = backend.createKeyPair(seed)
  return Object.freeze({
    get publicKey(): Uint8Array {
      return publicKey.slice()
    },
    sign: async (message: Uint8Array): Promise<Uint8Array> => sign(message),
    toJSON: (): string => REDACTED,
    [inspectSymbol]: (): string => `Ed25519Signer ${REDACTED}`,
  })
}
