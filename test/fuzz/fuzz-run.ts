import { createCase } from './create-case.ts'
import type { FuzzCase, InputKind } from './fuzz-case.ts'
import { createPool, type Pool } from './pool.ts'
import { Random } from './random.ts'
import { type Judgement, runCase } from './run-case.ts'
import { Violation } from './violation.ts'
import type { World, Worlds } from './world.ts'

/** Inputs that share a pool of signed requests. */
export const ERA_INPUTS = 5000
/** What one input may take, in milliseconds. */
export const LIMIT_MS = 50
/** Above this an input is measured again: the first time a garbage collection or another process may have got in. */
const SUSPICIOUS_MS = 10
const MEASUREMENTS = 3
/** One input in so many is decided twice, with and without what was verified before. */
const TWIN_EVERY = 8
const POOL_STREAM = 2 ** 48

/** What became of one input. */
export interface InputResult {
  readonly index: number
  readonly kind: InputKind
  readonly type: FuzzCase['type']
  /** `ok` or the code of the refusal; `violation` when it did what must never happen. */
  readonly code: string
  readonly milliseconds: number
  /** What must never happen and did. */
  readonly violation?: string
}

/** Runs the inputs of one seed; each depends on nothing but seed and index. */
export class FuzzRun {
  readonly #seed: number
  readonly #worlds: Worlds
  #era: { readonly number: number; readonly pool: Pool } | undefined

  constructor(seed: number, worlds: Worlds) {
    this.#seed = seed
    this.#worlds = worlds
  }

  /** The input at an index, made anew, and the pool it comes from. */
  async create(
    index: number,
  ): Promise<{ readonly kind: InputKind; readonly fuzzCase: FuzzCase; readonly pool: Pool }> {
    const pool = await this.#poolOf(Math.floor(index / ERA_INPUTS))
    const random = new Random(this.#seed, index)
    return { ...createCase({ random, pool, worlds: this.#worlds }), pool }
  }

  /** Makes and runs the input at an index. */
  async run(index: number): Promise<InputResult> {
    const { kind, fuzzCase, pool } = await this.create(index)
    const common = { index, kind, type: fuzzCase.type }
    const first = await this.#measure(fuzzCase, pool, index % TWIN_EVERY === 0 ? 'both' : 'warm')
    if (first.violation !== undefined || first.milliseconds < SUSPICIOUS_MS) return { ...common, ...first }
    const milliseconds = await this.#measureAgain(index, first.milliseconds)
    if (milliseconds <= LIMIT_MS) return { ...common, ...first, milliseconds }
    const violation = `took ${milliseconds.toFixed(1)} ms`
    return { ...common, code: 'violation', milliseconds, violation }
  }

  /** Measured without what the first time left behind, or the second could be faster for another reason. */
  async #measureAgain(index: number, first: number): Promise<number> {
    let least = first
    for (let times = 0; times < MEASUREMENTS && least > SUSPICIOUS_MS; times += 1) {
      const { fuzzCase, pool } = await this.create(index)
      const worked = workedMilliseconds()
      const { milliseconds } = await this.#measure(fuzzCase, pool, 'cold')
      least = Math.min(least, milliseconds, workedMilliseconds() - worked)
    }
    return least
  }

  async #measure(
    fuzzCase: FuzzCase,
    { registry }: Pool,
    guards: Judgement['guards'],
  ): Promise<Pick<InputResult, 'code' | 'milliseconds' | 'violation'>> {
    const { publications } = this.#worlds
    const start = performance.now()
    try {
      const code = await runCase(fuzzCase, { registry, publications, guards })
      return { code, milliseconds: performance.now() - start }
    } catch (error) {
      const violation = error instanceof Violation ? error.message : `the harness failed: ${String(error)}`
      return { code: 'violation', milliseconds: performance.now() - start, violation }
    }
  }

  async #poolOf(number: number): Promise<Pool> {
    if (this.#era?.number === number) return this.#era.pool
    const pool = createPool(new Random(this.#seed, POOL_STREAM + number))
    this.#era = { number, pool }
    await warm(this.#worlds.plain, pool)
    return pool
  }
}

/** How long this thread worked so far: on a busy machine the clock also counts the work of others. */
function workedMilliseconds(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/** Shows every honest chain once, so that inputs meet a verifier that has seen them all, wherever a run begins. */
async function warm(world: World, { requests }: Pool): Promise<void> {
  for (const { draft } of requests) {
    world.reset()
    await world.guard.verify(draft).catch(() => undefined)
  }
}
