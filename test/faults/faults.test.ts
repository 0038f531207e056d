import { describe, test } from 'vitest'
import { describeNeeding } from '../support/needs.ts'
import type { Experiment } from './experiment.ts'
import { EXPERIMENTS } from './experiments.ts'

const LIMIT_MS = 240_000

function runShort(experiment: Experiment): void {
  const run = async (): Promise<void> => void (await experiment.run('short', () => undefined))
  test(experiment.name, run, LIMIT_MS)
}

// As little of each as can go wrong; `npm run faults` runs all of it, and measures.
describe('faults', () => {
  for (const experiment of EXPERIMENTS) {
    const { needs, about } = experiment
    if (needs === undefined) runShort(experiment)
    else describeNeeding(needs, about, () => runShort(experiment))
  }
})
