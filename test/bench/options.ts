import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface BenchOptions {
  /** Rounds that count, of every case. */
  readonly rounds: number
  readonly json: boolean
}

export const USAGE = `usage: bench [--rounds N] [--json]
  --rounds  how often every case is measured (30); more rounds give steadier figures
  --json    the results as JSON`

const MOST_ROUNDS = 10_000

/**
 * Reads the command line.
 *
 * @throws TypeError that says what is wrong
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: '30' }, json: { type: 'boolean', default: false } },
  })
  const rounds = Number(values.rounds)
  if (/^[0-9]+$/.test(values.rounds) && rounds >= 1 && rounds <= MOST_ROUNDS) {
    return { rounds, json: values.json }
  }
  throw new TypeError(`--rounds is a whole number from 1 to ${MOST_ROUNDS}`)
}
