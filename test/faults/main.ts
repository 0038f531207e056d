import { AssertionError } from 'node:assert'
import { REQUIREMENTS } from '../support/requirements.ts'
import type { Experiment, Size } from './experiment.ts'
import { EXPERIMENTS } from './experiments.ts'
import { parseOptions } from './options.ts'

const USAGE = `usage: faults [--only NAME]... [--short]
  --only   runs this experiment; may be given more than once
  --short  runs as little of each as the tests do
experiments:
${EXPERIMENTS.map(({ name, about }) => `  ${name.padEnd(20)}${about}`).join('\n')}`

try {
  const { only, size } = parseOptions(
    process.argv.slice(2),
    EXPERIMENTS.map(({ name }) => name),
  )
  process.exitCode = await runAll(
    EXPERIMENTS.filter(({ name }) => only.length === 0 || only.includes(name)),
    size,
  )
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  console.error(`${error.message}\n${USAGE}`)
  process.exitCode = 2
}

/** Runs one after the other, so that none disturbs what another measures. Resolves to the exit code. */
async function runAll(experiments: readonly Experiment[], size: Size): Promise<number> {
  const start = performance.now()
  const outcomes = new Map<string, Outcome>()
  for (const experiment of experiments) outcomes.set(experiment.name, await runOne(experiment, size))
  const count = (wanted: Outcome): string => {
    const names = [...outcomes].flatMap(([name, outcome]) => (outcome === wanted ? [name] : []))
    return names.length === 0 ? '0' : `${names.length} (${names.join(', ')})`
  }
  const held = [...outcomes.values()].filter((outcome) => outcome === 'held').length
  const skipped = count('skipped')
  console.log(
    `faults: ${size}, ${held} of ${experiments.length} held in ${since(start)} s; failed ${count('failed')}${skipped === '0' ? '' : `; skipped ${skipped}`}`,
  )
  return count('failed') === '0' ? 0 : 1
}

/** What came of an experiment; in CI nothing may be skipped. */
type Outcome = 'held' | 'failed' | 'skipped'

async function runOne(experiment: Experiment, size: Size): Promise<Outcome> {
  const { name, needs } = experiment
  if (needs !== undefined && !REQUIREMENTS[needs].available()) {
    console.log(`${name}: skipped, it needs ${needs}: ${REQUIREMENTS[needs].how}`)
    return process.env['CI'] === 'true' ? 'failed' : 'skipped'
  }
  const start = performance.now()
  try {
    const figures = await experiment.run(size, (text) =>
      console.log(`  ${name}: ${text} (${since(start)} s)`),
    )
    console.log(`${name}: held in ${since(start)} s; ${figures}`)
    return 'held'
  } catch (error) {
    const reason = error instanceof AssertionError ? error.message : error
    console.log(`${name}: FAILED after ${since(start)} s:`, reason)
    return 'failed'
  }
}

function since(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}
