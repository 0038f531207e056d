import { existsSync, readFileSync, writeFileSync } from 'node:fs'

/** The part of Stryker's memory that is looked at. @see https://github.com/stryker-mutator/mutation-testing-elements */
interface Memory {
  readonly files: Readonly<Record<string, { mutants: readonly { readonly status: string }[] }>>
}

const UNNOTICED: ReadonlySet<string> = new Set(['Survived', 'NoCoverage'])

/**
 * Takes out of Stryker's memory of an earlier run what no test noticed, so that the next run judges it anew. Stryker
 * itself does so only when a test file changed, and not when something did that test files share.
 */
export function forgetSurvivors(path: string): void {
  if (!existsSync(path)) return
  const memory: Memory = JSON.parse(readFileSync(path, 'utf8'))
  for (const file of Object.values(memory.files)) {
    file.mutants = file.mutants.filter(({ status }) => !UNNOTICED.has(status))
  }
  writeFileSync(path, JSON.stringify(memory))
}
