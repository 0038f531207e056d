import { mkdir, rename } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { syncFolder } from './private-file.ts'

/**
 * The folder is there and survives a power loss, with all above it; those that were missing are for their owner alone.
 *
 * @throws any error of the file system
 */
export async function makePrivateFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 })
  if (first === undefined) return
  const last = resolve(first)
  // A folder is an entry of the one above it, which has to be on disk as well.
  for (let made = resolve(path); made.startsWith(last); made = dirname(made)) await syncFolder(dirname(made))
}

/**
 * The file has its new name, in the same folder, and this survives a power loss. What had that name before is gone.
 *
 * @throws any error of the file system
 */
export async function renamePrivateFile(from: string, to: string): Promise<void> {
  await rename(from, to)
  await syncFolder(dirname(to))
}
