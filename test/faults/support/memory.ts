/** Memory of a process after everything that could be collected was, bytes. */
export interface Memory {
  /** The heap and what hangs on it outside: what the program holds. */
  readonly held: number
  readonly arrayBuffers: number
  /** Resident now. */
  readonly rss: number
  /** The most that was ever resident. */
  readonly peak: number
}

const MAX_COLLECTIONS = 12

/** Measures this process, which must run with `--expose-gc`. */
export async function measureMemory(): Promise<Memory> {
  // What is collected in one round lets go of more in the next.
  let held = Number.POSITIVE_INFINITY
  for (let round = 0; round < MAX_COLLECTIONS; round += 1) {
    globalThis.gc?.()
    await new Promise(setImmediate)
    const { heapUsed, external } = process.memoryUsage()
    if (heapUsed + external > held * 0.99) break
    held = heapUsed + external
  }
  const { heapUsed, external, arrayBuffers, rss } = process.memoryUsage()
  return { held: heapUsed + external, arrayBuffers, rss, peak: process.resourceUsage().maxRSS * 1024 }
}

/** Bytes as people read them. */
export function spellBytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MiB`
}
