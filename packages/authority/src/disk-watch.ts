import type { DatabaseSync } from 'node:sqlite'
import { isDiskFailure } from '@behalf/verifier/sqlite'
import { AuthorityError } from './error.ts'

/** Whether the disk still keeps what is written to it. */
export interface DiskWatch {
  /** Aborted for good when the disk failed, with an AuthorityError `storage_failed` as its reason. */
  readonly failure: AbortSignal
  /**
   * Runs what uses the disk.
   *
   * @throws AuthorityError `storage_failed` when the disk fails now or failed before; else what `work` throws
   */
  run<Result>(work: () => Result): Result
  /** The same for what takes its time. */
  runAsync<Result>(work: () => Promise<Result>): Promise<Result>
}

const watches = new WeakMap<DatabaseSync, DiskWatch>()

/**
 * The watch over the disk of a database, one for all who use it. A system that could not sync a file once may say the
 * next time that it did, and have lost what was to be written; so after the first failure nothing is read, written or
 * acknowledged any more. A process that is started again learns from the file what was kept.
 */
export function watchDisk(database: DatabaseSync): DiskWatch {
  const known = watches.get(database)
  if (known) return known
  const watch = createWatch()
  watches.set(database, watch)
  return watch
}

function createWatch(): DiskWatch {
  const failed = new AbortController()
  const note = (error: unknown): unknown => {
    if (!isDiskFailure(error)) return error
    if (!failed.signal.aborted) failed.abort(refuse(error))
    return failed.signal.reason
  }
  return {
    failure: failed.signal,
    run: (work) => {
      failed.signal.throwIfAborted()
      try {
        return work()
      } catch (error) {
        throw note(error)
      }
    },
    runAsync: async (work) => {
      failed.signal.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        throw note(error)
      }
    },
  }
}

function refuse(cause: unknown): AuthorityError {
  return new AuthorityError(
    'storage_failed',
    'The disk failed. Nothing is acknowledged any more until the authority is started again',
    { cause },
  )
}
