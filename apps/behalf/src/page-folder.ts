import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** In the package, and in the workspace. */
const FOLDERS = [
  join(import.meta.dirname, '..', 'page'),
  join(import.meta.dirname, '..', '..', 'approval', 'dist'),
]

/** Where the page for people was built to; undefined when it was not. */
export function findPageFolder(): string | undefined {
  return FOLDERS.find((folder) => existsSync(join(folder, 'index.html')))
}
