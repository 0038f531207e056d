import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface FuzzOptions {
  /** 32 bits. */
  readonly seed: number
  /** Ends the run after so many seconds; without it the number of inputs does. */
  readonly seconds: number | undefined
  readonly inputs: number | undefined
  readonly jobs: number
  /** Runs this one input and shows it. */
  readonly only: number | undefined
}

export const USAGE = `usage: fuzz [--seconds N] [--inputs N] [--seed N] [--jobs N] [--only INDEX]
  --seconds  how long to run (10 without --inputs)
  --inputs   how many inputs to run
  --seed     0 to 4294967295; the same seed makes the same inputs (1)
  --jobs     threads (one for each processor)
  --only     shows the input at an index and what becomes of it`

/**
 * Reads the command line.
 *
 * @throws TypeError that says what is wrong
 */
export function parseOptions(args: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: 'string' },
      inputs: { type: 'string' },
      seed: { type: 'string' },
      jobs: { type: 'string' },
      only: { type: 'string' },
    },
  })
  const inputs = readNumber('inputs', values.inputs, 1)
  return {
    seed: readNumber('seed', values.seed, 0, 2 ** 32 - 1) ?? 1,
    seconds: readNumber('seconds', values.seconds, 1) ?? (inputs === undefined ? 10 : undefined),
    inputs,
    jobs: readNumber('jobs', values.jobs, 1, 64) ?? availableParallelism(),
    only: readNumber('only', values.only, 0),
  }
}

function readNumber(
  name: string,
  text: string | undefined,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  if (/^[0-9]+$/.test(text) && number >= least && number <= most) return number
  throw new TypeError(`--${name} is a whole number of at least ${least}`)
}
