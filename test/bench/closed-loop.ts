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
}

/** What one case took in each round, microseconds per call. */
export type Timings = ReadonlyMap<string, readonly number[]>

/**
 * Runs every case in turn, round after round, one call after the other: what slows the machine down slows all of them
 * down, so that ratios hold where times do not.
 */
export async function runInterleaved(cases: readonly BenchCase[], options: LoopOptions): Promise<Timings> {
  const timings = new Map<string, number[]>(cases.map(({ name }) => [name, []]))
  for (let round = -options.warmUpRounds; round < options.rounds; round += 1) {
    for (const benchCase of cases) {
      const runs = await benchCase.prepare(options.runsPerRound)
      const perCall = await timeRuns(runs)
      if (round >= 0) timings.get(benchCase.name)?.push(perCall)
    }
  }
  return timings
}

async function timeRuns(runs: readonly BenchRun[]): Promise<number> {
  const startedAt = performance.now()
  for (const run of runs) {
    const outcome = run()
    if (outcome instanceof Promise) await outcome
  }
  return ((performance.now() - startedAt) / runs.length) * 1000
}

/** The middle value, which a few disturbed rounds do not move. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}
