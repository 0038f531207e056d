/** One thing to measure. */
export interface BenchCase {
  readonly name: string
  /** Makes ready, off the clock, what each of `count` runs needs; every run is called once. */
  prepare(count: number): Promise<readonly BenchRun[]>
}

/** One timed call; a promise is waited for. */
export type BenchRun = () => unknown

/** How long to measure. */
export interface LoopOptions {
  /** Rounds of which nothing is kept, until the engine has compiled what it runs. */
  readonly warmUpRounds: number
  readonly rounds: number
  /** Calls of each case in each round. */
  readonly runsPerRound: number
  /** Told before each round how many there are still to come. */
  readonly onRound?: (left: number) => void
}

/** What one call took in one round, microseconds. */
export interface Timing {
  /** Of processor time, all threads of this process together. */
  readonly cpu: number
  /** On the clock, so with everything that other processes took away. */
  readonly elapsed: number
}

/** What each case took, round by round. */
export type Timings = ReadonlyMap<string, readonly Timing[]>

/**
 * Runs every case in turn, round after round, one call after the other: what slows the machine down slows all of them
 * down, so that ratios hold where times do not.
 */
export async function runInterleaved(cases: readonly BenchCase[], options: LoopOptions): Promise<Timings> {
  const timings = new Map<string, Timing[]>(cases.map(({ name }) => [name, []]))
  for (let round = -options.warmUpRounds; round < options.rounds; round += 1) {
    options.onRound?.(options.rounds - round)
    for (const benchCase of cases) {
      const timing = await timeRuns(await benchCase.prepare(options.runsPerRound))
      if (round >= 0) timings.get(benchCase.name)?.push(timing)
    }
  }
  return timings
}

async function timeRuns(runs: readonly BenchRun[]): Promise<Timing> {
  const before = process.cpuUsage()
  const startedAt = performance.now()
  for (const run of runs) {
    const outcome = run()
    if (outcome instanceof Promise) await outcome
  }
  const elapsed = (performance.now() - startedAt) * 1000
  const { user, system } = process.cpuUsage(before)
  return { cpu: (user + system) / runs.length, elapsed: elapsed / runs.length }
}

/** The middle value, which a few disturbed rounds do not move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
