import { WalletError } from './error.ts'
import {
  decryptWithPassphrase,
  encryptWithPassphrase,
  MAX_ENCRYPTED_BYTES,
  type PassphraseEncryptionOptions,
} from './passphrase-encryption.ts'
import { readPrivateFile, type WritePrivateFileOptions, writePrivateFile } from './private-file.ts'

export { writePrivateFile } from './private-file.ts'
export { makePrivateFolder, renamePrivateFile } from './private-folder.ts'
export { WalletError }

/** What writeEncryptedFile needs. */
export interface WriteEncryptedFileOptions extends PassphraseEncryptionOptions, WritePrivateFileOptions {}

/** What readEncryptedFile needs. */
export interface ReadEncryptedFileOptions {
  /** Not empty. */
  readonly passphrase: string
}

/**
 * The file at `path` holds `bytes`, encrypted under the passphrase, mode 0600, and survives a power loss. A crash
 * at any moment leaves the old file or the new one.
 *
 * @param bytes - the plaintext
 * @param options - passphrase, and work factor 12 to 20 (default 16)
 * @throws {WalletError} input_invalid: a symbolic link or not a file; keystore_exists with `exclusive`
 * @throws {TypeError} for an empty passphrase or a work factor out of bounds
 * @see https://age-encryption.org/v1
 *
 * @example
 * await writeEncryptedFile('issuer.key', seed, { passphrase })
 * const seed = await readEncryptedFile('issuer.key', { passphrase })
 */
export async function writeEncryptedFile(
  path: string,
  bytes: Uint8Array,
  options: WriteEncryptedFileOptions,
): Promise<void> {
  await writePrivateFile(path, await encryptWithPassphrase(bytes, options), options)
}

/**
 * The bytes that writeEncryptedFile was given.
 *
 * @throws {WalletError} keystore_missing; input_invalid: a symbolic link or not a file; keystore_insecure: others
 *   have rights on it; keystore_corrupt: torn, changed or a work factor out of bounds; keystore_auth_failed
 * @throws {TypeError} for an empty passphrase
 */
export async function readEncryptedFile(
  path: string,
  options: ReadEncryptedFileOptions,
): Promise<Uint8Array> {
  return await decryptWithPassphrase(await readPrivateFile(path, MAX_ENCRYPTED_BYTES), options.passphrase)
}
