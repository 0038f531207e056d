import { CommandError } from './error.ts'
import { isSystemError } from './system-error.ts'

const UNUSABLE = ['EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'EEXIST', 'ENOENT', 'EISDIR']
// Of SQLite: disk full, file cannot be opened, file is read-only.
const UNUSABLE_DATABASE: readonly unknown[] = [13, 14, 8]

/**
 * What a step comes to that works in a folder.
 *
 * @throws CommandError `folder_unwritable`; whatever else the step throws
 */
export async function explainFolder<T>(folder: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (cause) {
    if (isSystemError(cause, ...UNUSABLE) || isUnusableDatabase(cause)) {
      throw new CommandError('folder_unwritable', `the data folder ${folder} cannot be written`, { cause })
    }
    throw cause
  }
}

function isUnusableDatabase(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && UNUSABLE_DATABASE.includes(error.errcode)
}
