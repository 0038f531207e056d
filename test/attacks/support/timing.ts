type Work = () => Promise<unknown>

/** How long each of some things usually takes, in nanoseconds. */
export type Durations = readonly number[]

/**
 * Times two rows of things, each in turn with its counterpart, in an order that chance decides anew every time, so
 * that whatever else the machine does meets both rows alike.
 *
 * @param rounds how often each thing is done, after a tenth as many times that do not count
 * @returns the median of each thing, for it to count once however often it was done
 */
export async function timeInTurn(
  rows: readonly [readonly Work[], readonly Work[]],
  rounds: number,
): Promise<readonly [Durations, Durations]> {
  const taken = rows.map((row) => row.map((): number[] => []))
  for (let round = -Math.ceil(rounds / 10); round < rounds; round += 1) {
    for (const place of rows[0].keys()) {
      for (const row of Math.random() < 0.5 ? [0, 1] : [1, 0]) {
        const duration = await timeOnce(rows[row]?.[place])
        if (round >= 0) taken[row]?.[place]?.push(duration)
      }
    }
  }
  const [first = [], second = []] = taken.map((row) => row.map(medianOf))
  return [first, second]
}

/**
 * Welch's t: by how many standard errors the means of two samples differ. Below 4.5 they are not told apart.
 *
 * @see ISO/IEC 17825, which uses that bound
 */
export function welchT([first, second]: readonly [Durations, Durations]): number {
  const [a, b] = [describe(first), describe(second)]
  return Math.abs(a.mean - b.mean) / Math.sqrt(a.errorSquared + b.errorSquared)
}

async function timeOnce(work: Work | undefined): Promise<number> {
  const start = process.hrtime.bigint()
  await work?.()
  return Number(process.hrtime.bigint() - start)
}

function medianOf(samples: readonly number[]): number {
  return samples.toSorted((a, b) => a - b)[Math.floor(samples.length / 2)] ?? Number.NaN
}

function describe(samples: readonly number[]): { readonly mean: number; readonly errorSquared: number } {
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length
  const squares = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0)
  return { mean, errorSquared: squares / (samples.length - 1) / samples.length }
}
