import { systemClock, systemRandomBytes } from '@behalf/core'
import { SEED_BYTES } from './memory-wallet.ts'
import { createWallet, type Wallet, type WalletOptions } from './wallet.ts'
import type { WalletFileOptions } from './wallet-file-store.ts'

/** How a wallet in a file is made or opened. */
export interface FileWalletOptions extends WalletOptions, WalletFileOptions {}

/**
 * A new wallet in a new file, encrypted under the passphrase. Later changes are in the file when they resolve; several
 * processes may use it at once.
 *
 * @throws {WalletError} keystore_exists: something is there already; input_invalid: a symbolic link or not a file
 * @throws {TypeError} for an empty passphrase or a work factor outside 12 to 20
 */
export async function createFileWallet(path: string, options: FileWalletOptions): Promise<Wallet> {
  const { random = systemRandomBytes, clock = systemClock } = options
  const { createWalletFile } = await loadFileStore()
  const state = { seed: random(SEED_BYTES), created: clock(), records: { held: [], issued: [] } }
  const { seed, store } = await createWalletFile(path, state, options)
  return createWallet(seed, store, options)
}

/**
 * The wallet in a file, as it is now.
 *
 * @throws {WalletError} keystore_missing, keystore_auth_failed, keystore_corrupt, keystore_insecure; input_invalid: a
 *   symbolic link or not a file
 * @throws {TypeError} for an empty passphrase
 */
export async function openFileWallet(path: string, options: FileWalletOptions): Promise<Wallet> {
  const { openWalletFile } = await loadFileStore()
  const { seed, store } = await openWalletFile(path, options)
  return createWallet(seed, store, options)
}

// Loaded when a file is used, so that the memory wallet works where there are none.
function loadFileStore(): Promise<typeof import('./wallet-file-store.ts')> {
  return import('./wallet-file-store.ts')
}
