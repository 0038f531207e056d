import { writeFromTwo } from '../attacks/support/two-writers.ts'
import { check, checkEqual, type Experiment, type Size } from './experiment.ts'

const EACH: Readonly<Record<Size, number>> = { long: 50_000, short: 2000 }

/** AU-012 of the catalogue in full. */
export const twoWriters: Experiment = {
  name: 'two-writers',
  about: 'two processes append 100,000 entries to one log at the same time',
  run: async (size) => {
    const entries = 2 * EACH[size]
    const start = performance.now()
    const { indices, verified, turns } = await writeFromTwo(EACH[size])
    const seconds = (performance.now() - start) / 1000
    checkEqual(indices.length, entries, 'each entry is acknowledged')
    checkEqual(new Set(indices).size, entries, 'no two entries have one index')
    checkEqual(Math.max(...chunkMaxima(indices)), entries - 1, 'no index is left out')
    checkEqual(verified, entries, 'the log is one tree of all of them')
    check(turns > 1, 'the two write at the same time')
    return `${entries} entries of two processes in ${seconds.toFixed(0)} s, checked: indices 0 to ${entries - 1}, each once, one tree; the writer changed ${turns} times`
  },
}

/** All at once would be too many arguments. */
function chunkMaxima(numbers: readonly number[]): readonly number[] {
  return Array.from({ length: Math.ceil(numbers.length / 1000) }, (_, chunk) =>
    Math.max(...numbers.slice(chunk * 1000, (chunk + 1) * 1000)),
  )
}
