import type { MutantResult } from './mutate-package.ts'

/** How many mutants of a package ended in which way. */
export interface Score {
  readonly mutants: number
  /** A test failed. */
  readonly killed: number
  /** A test did not end, which is noticed as well. */
  readonly timeout: number
  readonly survived: number
  /** No test runs the changed code. */
  readonly noCoverage: number
  /** No test could begin, so nothing is known: counted neither for nor against. */
  readonly error: number
  /** Left out by a comment in the source, which is not allowed here. */
  readonly ignored: number
  /** Killed and timed out, of those that were judged, in per cent; 100 when there are none. */
  readonly percent: number
}

export function scoreOf(results: readonly MutantResult[]): Score {
  const count = (...statuses: readonly MutantResult['status'][]): number =>
    results.filter(({ status }) => statuses.includes(status)).length
  const noticed = count('Killed', 'Timeout')
  const judged = noticed + count('Survived', 'NoCoverage')
  return {
    mutants: results.length,
    killed: count('Killed'),
    timeout: count('Timeout'),
    survived: count('Survived'),
    noCoverage: count('NoCoverage'),
    error: count('RuntimeError', 'CompileError'),
    ignored: count('Ignored'),
    percent: judged === 0 ? 100 : (100 * noticed) / judged,
  }
}
