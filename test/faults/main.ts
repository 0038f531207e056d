import { AssertionError } from 'node:assert'
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
  const failed: string[] = []
  for (const experiment of experiments) if (!(await runOne(experiment, size))) failed.push(experiment.name)
  const held = experiments.length - failed.length
  const names = failed.length === 0 ? '' : ` (${failed.join(', ')})`
  console.log(
    `faults: ${size}, ${held} of ${experiments.length} held in ${since(start)} s; failed ${failed.length}${names}`,
  )
  return failed.length === 0 ? 0 : 1
}

async function runOne(experiment: Experiment, size: Size): Promise<boolean> {
  const { name } = experiment
  const start = performance.now()
  try {
    const figures = await experiment.run(size, (text) =>
      console.log(`  ${name}: ${text} (${since(start)} s)`),
    )
    console.log(`${name}: held in ${since(start)} s; ${figures}`)
    return true
  } catch (error) {
    const reason = error instanceof AssertionError ? error.message : error
    console.log(`${name}: FAILED after ${since(start)} s:`, reason)
    return false
  }
}

function since(start: number): string {
  return ((performance.now() - start) / 1000).toFixed(1)
}
