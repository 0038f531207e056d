import { equalBytes } from '@behalf/core'
import { WalletError } from './error.ts'
import { type FileLockOptions, withFileLock } from './file-lock.ts'
import {
  decryptWithPassphrase,
  encryptWithPassphrase,
  MAX_ENCRYPTED_BYTES,
  readWorkFactor,
} from './passphrase-encryption.ts'
import { readPrivateFile, writePrivateFile } from './private-file.ts'
import { parseWalletState, serializeWalletState, type WalletState } from './wallet-state.ts'
import type { WalletRecords, WalletStore } from './wallet-store.ts'

/** How a wallet file is opened. */
export interface WalletFileOptions {
  /** Not empty. */
  readonly passphrase: string
  /** Base-2 logarithm of the scrypt cost, 12 to 20. Default: 16 for a new file, else what the file has. */
  readonly workFactor?: number
  readonly lock?: FileLockOptions
}

/** An open wallet file. */
export interface WalletFile {
  /** 32 bytes, for the signer of this wallet and nobody else. */
  readonly seed: Uint8Array
  readonly store: WalletStore
}

interface Snapshot {
  /** The encrypted bytes on disk that `state` came from. */
  readonly file: Uint8Array
  readonly state: WalletState
}

/**
 * A new wallet file is at `path`.
 *
 * @throws {WalletError} keystore_exists, input_invalid as writePrivateFile
 */
export async function createWalletFile(
  path: string,
  state: WalletState,
  options: WalletFileOptions,
): Promise<WalletFile> {
  const file = await encryptWithPassphrase(serializeWalletState(state), options)
  await writePrivateFile(path, file, { exclusive: true })
  return { seed: state.seed, store: createWalletFileStore(path, { file, state }, options) }
}

/**
 * The wallet in the file at `path`, decrypted.
 *
 * @throws {WalletError} keystore_missing, keystore_insecure, keystore_corrupt, keystore_auth_failed, input_invalid
 */
export async function openWalletFile(path: string, options: WalletFileOptions): Promise<WalletFile> {
  const snapshot = await readSnapshot(path, options.passphrase)
  return { seed: snapshot.state.seed, store: createWalletFileStore(path, snapshot, options) }
}

async function readSnapshot(path: string, passphrase: string): Promise<Snapshot> {
  const file = await readPrivateFile(path, MAX_ENCRYPTED_BYTES)
  return { file, state: parseWalletState(await decryptWithPassphrase(file, passphrase)) }
}

function createWalletFileStore(path: string, opened: Snapshot, options: WalletFileOptions): WalletStore {
  let snapshot = opened
  let queue: Promise<void> = Promise.resolve()

  // Changes are made to what the file holds now, under the lock, so another process's delegations are never lost.
  const save = async (change: (records: WalletRecords) => WalletRecords): Promise<void> => {
    await withFileLock(
      `${path}.lock`,
      async (lock) => {
        const current = await refresh(path, snapshot, options.passphrase)
        const state = { ...current.state, records: change(current.state.records) }
        const file = await encryptWithPassphrase(serializeWalletState(state), {
          passphrase: options.passphrase,
          workFactor: options.workFactor ?? readWorkFactor(current.file),
        })
        await writePrivateFile(path, file, { beforeCommit: () => lock.assertHeld() })
        snapshot = { file, state }
      },
      options.lock,
    )
  }

  return {
    read: () => snapshot.state.records,
    update: (change) => {
      const saved = queue.then(() => save(change))
      queue = saved.catch(() => undefined)
      return saved
    },
  }
}

async function refresh(path: string, known: Snapshot, passphrase: string): Promise<Snapshot> {
  const file = await readPrivateFile(path, MAX_ENCRYPTED_BYTES)
  // The same bytes need no second key derivation.
  if (equalBytes(file, known.file)) return known
  const state = parseWalletState(await decryptWithPassphrase(file, passphrase))
  if (equalBytes(state.seed, known.state.seed)) return { file, state }
  throw new WalletError('keystore_corrupt', 'another wallet was put in the place of this file')
}
