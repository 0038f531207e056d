import { parseArgs } from 'node:util'
import type { Size } from './experiment.ts'

/** What the command line asks for. */
export interface FaultOptions {
  /** Names of experiments; empty for all. */
  readonly only: readonly string[]
  readonly size: Size
}

/**
 * Reads the command line.
 *
 * @param names of all experiments
 * @throws TypeError that says what is wrong
 */
export function parseOptions(args: readonly string[], names: readonly string[]): FaultOptions {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string', multiple: true }, short: { type: 'boolean' } },
  })
  const { only = [], short = false } = values
  const unknown = only.find((name) => !names.includes(name))
  if (unknown !== undefined) throw new TypeError(`there is no experiment ${unknown}: ${names.join(', ')}`)
  return { only, size: short ? 'short' : 'long' }
}
