import { Decrypter, Encrypter } from 'age-encryption'
import { WalletError } from './error.ts'

/** Base-2 logarithm of the scrypt cost that new files get. */
export const DEFAULT_WORK_FACTOR = 16
/** A cheaper file could be guessed too fast. */
export const MIN_WORK_FACTOR = 12
/** A dearer file would cost this process more than a gigabyte of memory. */
export const MAX_WORK_FACTOR = 20

/** A file of more than 16 MiB is nothing this package wrote. */
export const MAX_ENCRYPTED_BYTES: number = 16 * 1024 * 1024

const HEADER =
  /^age-encryption\.org\/v1\n-> scrypt [A-Za-z0-9+/]{22} ([1-9][0-9]*)\n[A-Za-z0-9+/]{43}\n--- [A-Za-z0-9+/]{43}\n/
const HEADER_BYTES = 256

/** What encryptWithPassphrase needs. */
export interface PassphraseEncryptionOptions {
  /** Not empty. */
  readonly passphrase: string
  /** Base-2 logarithm of the scrypt cost, 12 to 20, default 16. Each step doubles time and memory. */
  readonly workFactor?: number
}

/**
 * The bytes are encrypted and authenticated as one age file under a fresh salt.
 *
 * @returns an age v1 file with a single scrypt recipient; any age implementation can open it
 * @throws {TypeError} for an empty passphrase or a work factor outside 12 to 20, and for more than 16 MiB
 * @see https://age-encryption.org/v1 (scrypt recipient stanza)
 */
export async function encryptWithPassphrase(
  bytes: Uint8Array,
  options: PassphraseEncryptionOptions,
): Promise<Uint8Array> {
  const { passphrase, workFactor = DEFAULT_WORK_FACTOR } = options
  requirePassphrase(passphrase)
  if (!Number.isInteger(workFactor) || !isWorkFactorAllowed(workFactor)) {
    throw new TypeError(`workFactor must be an integer from ${MIN_WORK_FACTOR} to ${MAX_WORK_FACTOR}`)
  }
  const encrypter = new Encrypter()
  encrypter.setPassphrase(passphrase)
  encrypter.setScryptWorkFactor(workFactor)
  const file = await encrypter.encrypt(bytes)
  if (file.length > MAX_ENCRYPTED_BYTES)
    throw new TypeError(`the file would exceed ${MAX_ENCRYPTED_BYTES} bytes`)
  return file
}

/**
 * The bytes that went into encryptWithPassphrase: every one of them is authenticated.
 *
 * A change of the salt or of the wrapped key cannot be told from a wrong passphrase, because age binds both to it:
 * that, too, is `keystore_auth_failed`.
 *
 * @throws {WalletError} keystore_corrupt: not such a file, torn, changed, or a work factor outside 12 to 20 (checked
 *   before any work is spent); keystore_auth_failed: the passphrase does not open it
 * @throws {TypeError} for an empty passphrase
 * @see https://age-encryption.org/v1
 */
export async function decryptWithPassphrase(file: Uint8Array, passphrase: string): Promise<Uint8Array> {
  requirePassphrase(passphrase)
  readWorkFactor(file)
  const decrypter = new Decrypter()
  decrypter.addPassphrase(passphrase)
  // Identities are asked in order, so this one is asked only after the passphrase failed: the one way to tell a
  // wrong passphrase from a damaged file without reading message texts.
  decrypter.addIdentity({ unwrapFileKey: refuseWrongPassphrase })
  try {
    return await decrypter.decrypt(file)
  } catch (error) {
    if (error instanceof WalletError) throw error
    throw new WalletError('keystore_corrupt', 'the encrypted file is torn or was changed')
  }
}

/**
 * The scrypt work factor in an age header, within the bounds.
 *
 * @returns base-2 logarithm of the cost, 12 to 20
 * @throws {WalletError} keystore_corrupt for any other header
 */
export function readWorkFactor(file: Uint8Array): number {
  const start = String.fromCharCode(...file.subarray(0, HEADER_BYTES))
  const workFactor = Number(HEADER.exec(start)?.[1])
  if (isWorkFactorAllowed(workFactor)) return workFactor
  throw new WalletError(
    'keystore_corrupt',
    `the file is not an age file with one passphrase and a work factor from ${MIN_WORK_FACTOR} to ${MAX_WORK_FACTOR}`,
  )
}

function isWorkFactorAllowed(workFactor: number): boolean {
  return workFactor >= MIN_WORK_FACTOR && workFactor <= MAX_WORK_FACTOR
}

function requirePassphrase(passphrase: string): void {
  if (typeof passphrase === 'string' && passphrase !== '') return
  throw new TypeError('a passphrase that is not empty is required')
}

function refuseWrongPassphrase(): never {
  throw new WalletError('keystore_auth_failed', 'the passphrase does not open the file')
}
