import { defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'
import { NearestFirst } from './nearest-first.ts'
import { testsOf } from './packages.ts'

const name = process.env['MUTATED_PACKAGE'] ?? ''

// Runs inside a copy of the repository whose node_modules are links into the original, so the name of a package
// would lead to the sources that are not mutated: it is pointed to the copy beside this file.
const packages = `${process.cwd()}/packages`
const alias = [
  { find: /^@behalf\/([a-z-]+)$/u, replacement: `${packages}/$1/src/index.ts` },
  { find: /^@behalf\/([a-z-]+)\/([a-z-]+)$/u, replacement: `${packages}/$1/src/$2.ts` },
]

export default defineConfig({
  ...base,
  resolve: { ...base.resolve, alias },
  test: {
    ...base.test,
    include: [...testsOf(name)],
    // What another process runs is never mutated.
    exclude: ['**/readme.test.ts'],
    setupFiles: ['tools/mutation/fixed-seed.ts'],
    // One process for all test files: half the time, and no test changes what another sees.
    isolate: false,
    sequence: { sequencer: NearestFirst },
    reporters: [{}],
  },
})
