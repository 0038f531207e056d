import { readFileSync } from 'node:fs'
import { relative } from 'node:path'
import type { MutantResult } from './mutate-package.ts'

/** A change of the sources that no test notices. */
export interface Survivor {
  /** `file:line:column`, the file from the root of the repository, line and column counted from 1. */
  readonly at: string
  readonly mutator: string
  /** `original -> replacement`. */
  readonly change: string
  /** How many tests run the changed code. */
  readonly tests: number
}

/** The mutants that lived, in the order of the sources. */
export function listSurvivors(results: readonly MutantResult[]): readonly Survivor[] {
  return results
    .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
    .toSorted(
      (a, b) =>
        a.fileName.localeCompare(b.fileName) ||
        a.location.start.line - b.location.start.line ||
        a.location.start.column - b.location.start.column,
    )
    .map((mutant) => ({
      at: `${relative('.', mutant.fileName)}:${mutant.location.start.line}:${mutant.location.start.column}`,
      mutator: mutant.mutatorName,
      change: `${originalOf(mutant)} -> ${mutant.replacement}`,
      tests: mutant.coveredBy?.length ?? 0,
    }))
}

function originalOf({ fileName, location: { start, end } }: MutantResult): string {
  const lines = readFileSync(fileName, 'utf8')
    .split('\n')
    .slice(start.line - 1, end.line)
  const last = lines.length - 1
  lines[last] = lines[last]?.slice(0, end.column - 1) ?? ''
  lines[0] = lines[0]?.slice(start.column - 1) ?? ''
  return lines.join('\n')
}
