import { parseArgs } from 'node:util'

/** What the command line asks for. */
export interface BenchOptions {
  /** Rounds that count, of every case. */
  readonly rounds: number
  /** Of the log that is filled and checked. */
  readonly entries: number
  readonly json: boolean
}

export const USAGE = `usage: bench [--rounds N] [--entries N] [--json]
  --rounds  how often every case is measured (30); more rounds give steadier figures
  --entries how large a log is filled and checked (1000000)
  --json    the results as JSON`

const MOST_ROUNDS = 10_000
const MOST_ENTRIES = 100_000_000

/**
 * Reads the command line.
 *
 * @throws TypeError that says what is wrong
 */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string', default: '30' },
      entries: { type: 'string', default: '1000000' },
      json: { type: 'boolean', default: false },
    },
  })
  return {
    rounds: readCount('rounds', values.rounds, MOST_ROUNDS),
    entries: readCount('entries', values.entries, MOST_ENTRIES),
    json: values.json,
  }
}

function readCount(name: string, text: string, most: number): number {
  const count = Number(text)
  if (/^[0-9]+$/.test(text) && count >= 1 && count <= most) return count
  throw new TypeError(`--${name} is a whole number from 1 to ${most}`)
}
