import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { mutatePackage } from './mutation/mutate-package.ts'
import { type MutationOptions, parseOptions, USAGE } from './mutation/options.ts'
import { type Score, scoreOf } from './mutation/score.ts'
import { listSurvivors, type Survivor } from './mutation/survivor.ts'

/** Per cent of the mutants of every package that the tests must notice. */
const REQUIRED_PERCENT = 90

process.chdir(join(import.meta.dirname, '..'))
try {
  process.exitCode = await mutate(parseOptions(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  console.error(`${error.message}\n${USAGE}`)
  process.exitCode = 2
}

/** Judges the tests of the packages, one after the other. Resolves to the exit code. */
async function mutate(options: MutationOptions): Promise<number> {
  const scores = new Map<string, Score>()
  const reports: string[] = []
  for (const name of options.packages) {
    checkFiles(name, options.files)
    console.log(`${name}: the tests run once without a change, then once for each change …`)
    const results = await mutatePackage(name, options)
    scores.set(name, scoreOf(results))
    reports.push(writeSurvivors(name, options.files, listSurvivors(results)))
  }
  console.log(`\n${spellTable(scores)}\n`)
  console.log(`What no test notices: ${reports.join(', ')}`)
  const failed = [...scores].filter(([, { percent, ignored }]) => percent < REQUIRED_PERCENT || ignored > 0)
  for (const [name] of failed) {
    console.error(`${name}: at least ${REQUIRED_PERCENT} % must be noticed, and nothing may be ignored`)
  }
  return failed.length === 0 ? 0 : 1
}

function checkFiles(name: string, files: readonly string[]): void {
  const missing = files.find((file) => !existsSync(join('packages', name, file)))
  if (missing !== undefined) throw new TypeError(`packages/${name}/${missing} does not exist`)
}

/** Writes the survivors of a run; those of single files are shown too. Returns the path of the report. */
function writeSurvivors(name: string, files: readonly string[], survivors: readonly Survivor[]): string {
  const part = files.length > 0 ? '-part' : ''
  const report = `reports/mutation/${name}/survivors${part}.json`
  mkdirSync(dirname(report), { recursive: true })
  writeFileSync(report, `${JSON.stringify(survivors, null, 2)}\n`)
  if (part === '') return report
  for (const { at, mutator, change, tests } of survivors) {
    console.log(`${at} ${mutator} (${tests} tests)\n  ${change.replaceAll('\n', '\n  ')}`)
  }
  return report
}

function spellTable(scores: ReadonlyMap<string, Score>): string {
  const header = ['package', 'mutants', 'killed', 'timeout', 'survived', 'no coverage', 'error', 'ignored']
  const rows = [...scores].map(([name, score]) => [
    name,
    ...[score.mutants, score.killed, score.timeout, score.survived, score.noCoverage].map(String),
    ...[score.error, score.ignored].map(String),
    `${score.percent.toFixed(1)} %`,
  ])
  const table = [[...header, 'score'], ...rows]
  const widths = table[0]?.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? []
  const spell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0)
  return table.map((row) => row.map(spell).join('  ')).join('\n')
}
