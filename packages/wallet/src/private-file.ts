import { constants } from 'node:fs'
import { type FileHandle, link, lstat, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { encodeHex, type RandomBytes, systemRandomBytes } from '@behalf/core'
import { WalletError } from './error.ts'

/** What writePrivateFile can be told. */
export interface WritePrivateFileOptions {
  /** Refuse to replace a file that is there. */
  readonly exclusive?: boolean
  /** Runs when everything is on disk and only the rename is left; a throw leaves the old file as it was. */
  readonly beforeCommit?: () => Promise<void>
  /** Source of the temporary name, default the system's. */
  readonly random?: RandomBytes
}

/**
 * The file at `path` holds exactly `bytes`, readable by its owner alone, and this survives a power loss. At every
 * moment before, the path holds the old file whole or no file; never a part.
 *
 * @throws {WalletError} input_invalid: the path is a symbolic link or not a file; keystore_exists: `exclusive` and
 *   something is there
 */
export async function writePrivateFile(
  path: string,
  bytes: Uint8Array,
  options: WritePrivateFileOptions = {},
): Promise<void> {
  const { exclusive = false, random = systemRandomBytes } = options
  await refuseSpecialFile(path)
  const temporary = join(dirname(path), `.${basename(path)}.${encodeHex(random(8))}.tmp`)
  try {
    await writeThrough(temporary, bytes)
    await options.beforeCommit?.()
    await (exclusive ? linkNew(temporary, path) : rename(temporary, path))
    await syncFolder(dirname(path))
  } finally {
    await rm(temporary, { force: true })
  }
}

/**
 * The bytes of a file that only its owner may read or write.
 *
 * @param maxBytes - a larger file is refused unread
 * @throws {WalletError} keystore_missing; input_invalid: a symbolic link or not a file; keystore_insecure: group or
 *   others have any right on it; keystore_corrupt: larger than `maxBytes`
 */
export async function readPrivateFile(path: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await openWithoutFollowing(path)
  try {
    const { mode, size } = await statRegularFile(handle)
    if ((mode & 0o077) !== 0) {
      throw new WalletError('keystore_insecure', 'others may access the file: run chmod 600 on it')
    }
    if (size > maxBytes) throw new WalletError('keystore_corrupt', `the file exceeds ${maxBytes} bytes`)
    return new Uint8Array(await handle.readFile())
  } finally {
    await handle.close()
  }
}

async function openWithoutFollowing(path: string): Promise<FileHandle> {
  try {
    // Checked by the kernel while opening, so a link cannot be swapped in after a check. Without O_NONBLOCK a pipe
    // put in the place of the file would block for ever.
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) throw new WalletError('keystore_missing', 'there is no such file')
    if (isSystemError(error, 'ELOOP')) throw notAFile()
    throw error
  }
}

async function statRegularFile(handle: FileHandle): Promise<{ mode: number; size: number }> {
  const status = await handle.stat()
  if (status.isFile()) return status
  throw notAFile()
}

async function refuseSpecialFile(path: string): Promise<void> {
  const status = await lstat(path).catch((error: unknown) => {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  })
  if (status !== undefined && !status.isFile()) throw notAFile()
}

async function writeThrough(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await handle.writeFile(bytes)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function linkNew(temporary: string, path: string): Promise<void> {
  try {
    // Unlike rename, link refuses to replace what another process created meanwhile.
    await link(temporary, path)
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) throw new WalletError('keystore_exists', 'a file is there already')
    throw error
  }
}

/** Every name in the folder is on disk as it is now. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function notAFile(): WalletError {
  return new WalletError('input_invalid', 'the path names a symbolic link, or no file')
}

/** Whether an error is the system's error of that name. */
export function isSystemError(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
