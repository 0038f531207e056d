import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { MUTATED_PACKAGES } from './packages.ts'

/** What the command line asks for. */
export interface MutationOptions {
  /** Names of packages, in the order given. */
  readonly packages: readonly string[]
  /** Paths inside the one package, such as `src/target.ts`; empty for all of its sources. */
  readonly files: readonly string[]
  /** Tests every mutant anew, whatever an earlier run found. */
  readonly force: boolean
  readonly jobs: number
}

export const USAGE = `usage: mutation [PACKAGE…] [--file src/NAME.ts]… [--force] [--jobs N]
  PACKAGE  ${Object.keys(MUTATED_PACKAGES).join(', ')} (all of them)
  --file   only this source file of the one package named; may be repeated
  --force  test every mutant anew: otherwise only those whose source changed, and all that nothing noticed before
  --jobs   test processes at once (one for each processor)`

/**
 * Reads the command line.
 *
 * @throws TypeError that says what is wrong
 */
export function parseOptions(args: readonly string[]): MutationOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      file: { type: 'string', multiple: true, default: [] },
      force: { type: 'boolean', default: false },
      jobs: { type: 'string', default: String(availableParallelism()) },
    },
  })
  const unknown = positionals.find((name) => !Object.hasOwn(MUTATED_PACKAGES, name))
  if (unknown !== undefined) throw new TypeError(`"${unknown}" is not a package whose sources are mutated`)
  if (values.file.length > 0 && positionals.length !== 1) {
    throw new TypeError('--file needs the name of one package before it')
  }
  if (!/^[1-9][0-9]?$/u.test(values.jobs)) throw new TypeError('--jobs is a whole number from 1 to 99')
  return {
    packages: positionals.length > 0 ? positionals : Object.keys(MUTATED_PACKAGES),
    files: values.file,
    force: values.force,
    jobs: Number(values.jobs),
  }
}
