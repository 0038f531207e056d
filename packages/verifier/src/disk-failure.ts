/** Of SQLite: input or output failed, the file holds something else than was written, it is no database any more. */
const DISK_FAILURES: readonly number[] = [10, 11, 26]
/** What follows these bits only tells where it happened. */
const KIND_BITS = 0xff

/**
 * Whether an error of SQLite says that the disk did not keep what was written to it. A disk that is full is none: what
 * it did not take was not begun.
 *
 * @see https://sqlite.org/rescode.html
 */
export function isDiskFailure(error: unknown): boolean {
  if (!(error instanceof Error && 'errcode' in error && typeof error.errcode === 'number')) return false
  return DISK_FAILURES.includes(error.errcode & KIND_BITS)
}
