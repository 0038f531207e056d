import { statfs } from 'node:fs/promises'
import type { MonotonicClock } from '@behalf/core'
import type { AuthorityDatabase } from './database-schema.ts'

/** Whether the disk and the database take what an authority may have to write now. */
export type CheckWritable = () => Promise<boolean>

/** What is looked at. */
export interface CheckWritableOptions {
  readonly database: AuthorityDatabase
  /** Files of the authority; those that are not there, and a database in memory, have no disk that can be full. */
  readonly files: readonly (string | null)[]
  readonly monotonicClock: MonotonicClock
  /** Bytes that are free on the disk of a file; undefined where that cannot be told. Default: as the system says. */
  readonly freeBytes?: (file: string) => Promise<number | undefined>
}

/** Room for some changes; a disk with less is as good as full. */
const LEAST_FREE_BYTES = 1_048_576
/** A commit wears the disk, and whoever asks is anybody. */
const COMMIT_EVERY_MS = 5000
const PROBE = 'probe'

/**
 * Makes a check that notices at once that a disk is full, and with the next commit that it fails in another way.
 * However often it is asked, it commits at most once in 5 seconds, a few kilobytes that change nothing.
 */
export function createCheckWritable(options: CheckWritableOptions): CheckWritable {
  const { database, files, monotonicClock, freeBytes = askSystem } = options
  let committedAt = Number.NEGATIVE_INFINITY
  const hasRoom = async (file: string | null): Promise<boolean> =>
    file === null || ((await freeBytes(file)) ?? LEAST_FREE_BYTES) >= LEAST_FREE_BYTES
  const takesChange = async (): Promise<boolean> => {
    const now = monotonicClock()
    if (now - committedAt < COMMIT_EVERY_MS) return touch(database, false)
    const isCommitted = await touch(database, true)
    // What failed is tried again by the next check.
    if (isCommitted) committedAt = now
    return isCommitted
  }
  return async () => {
    const rooms = await Promise.all(files.map(hasRoom))
    return rooms.every(Boolean) && (await takesChange())
  }
}

async function askSystem(file: string): Promise<number | undefined> {
  try {
    const { blocks, bavail, bsize } = await statfs(file)
    // Some file systems keep no count.
    return blocks === 0 ? undefined : bavail * bsize
  } catch {
    return undefined
  }
}

/** A row comes and goes: committed, that reaches the disk as any change does; else nothing is left of the attempt. */
async function touch(database: AuthorityDatabase, isCommitted: boolean): Promise<boolean> {
  const undo = new Error('nothing is kept of this')
  try {
    await database.transaction().execute(async (db) => {
      await db.insertInto('operators').values({ did: PROBE, name: PROBE, added_at: 0 }).execute()
      await db.deleteFrom('operators').where('did', '=', PROBE).execute()
      if (!isCommitted) throw undo
    })
    return isCommitted
  } catch (error) {
    return error === undo
  }
}
