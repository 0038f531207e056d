import { describe, test } from 'vitest'
import { EXPERIMENTS } from './experiments.ts'

// As little of each as can go wrong; `npm run faults` runs all of it, and measures.
describe('faults', () => {
  test.each(EXPERIMENTS.map((experiment) => [experiment.name, experiment] as const))(
    '%s',
    async (_, experiment) => {
      await experiment.run('short', () => undefined)
    },
    120_000,
  )
})
