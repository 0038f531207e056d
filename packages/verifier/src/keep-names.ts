import { closeSync, fsyncSync, openSync } from 'node:fs'
import { dirname } from 'node:path'

/**
 * The names of all files beside this one are on disk. SQLite syncs the names that it makes too, and goes on as if
 * nothing were wrong where that fails.
 *
 * @param path of a file
 * @throws any error of the file system
 */
export function keepNames(path: string): void {
  const folder = openSync(dirname(path), 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
