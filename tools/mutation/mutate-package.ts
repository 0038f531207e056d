import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { Stryker } from '@stryker-mutator/core'
import { forgetSurvivors } from './forget-survivors.ts'
import type { MutationOptions } from './options.ts'

/** One mutant and what became of it, as Stryker reports it. */
export type MutantResult = Awaited<ReturnType<Stryker['runMutationTest']>>[number]

/** Where Stryker keeps the copy of the repository, as stryker.config.mjs says. */
const TEMPORARY = '.stryker-tmp'

/**
 * Changes the sources of a package in every way that Stryker knows, one at a time and in a copy of the repository,
 * and runs the tests that reach each change until one fails. The working directory is the root of the repository.
 */
export async function mutatePackage(
  name: string,
  options: MutationOptions,
): Promise<readonly MutantResult[]> {
  process.env['MUTATED_PACKAGE'] = name
  linkSharedFolder()
  const reports = `reports/mutation/${name}`
  const files = options.files.length > 0 ? options.files : ['src/**/*.ts']
  // A run of single files has a memory of its own, so that the package's stays one of the whole.
  const memory = options.files.length > 0 ? options.files.join('+').replaceAll('/', '-') : 'all'
  const incrementalFile = `${reports}/incremental-${memory}.json`
  forgetSurvivors(incrementalFile)
  return await new Stryker({
    mutate: files.map((file) => `packages/${name}/${file}`),
    concurrency: options.jobs,
    force: options.force,
    incrementalFile,
    htmlReporter: { fileName: `${reports}/index.html` },
  }).runMutationTest()
}

/** Published vectors lie beside the checkout, so they must lie beside its copy as well. */
function linkSharedFolder(): void {
  const link = `${TEMPORARY}/shared`
  if (!existsSync('../shared') || existsSync(link)) return
  mkdirSync(TEMPORARY, { recursive: true })
  symlinkSync('../../shared', link)
}
