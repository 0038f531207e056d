import { inspect } from 'node:util'
import { Worker } from 'node:worker_threads'
import { FuzzRun, type InputResult } from './fuzz-run.ts'
import { type FuzzOptions, parseOptions, USAGE } from './options.ts'
import { createTally, merge, spell, summarize, type Tally } from './tally.ts'
import type { ThreadOrders } from './thread.ts'
import { createWorlds } from './world.ts'

/** After so many violations there is nothing more to learn. */
const MAX_VIOLATIONS = 20
const MAX_SHOWN_CHARACTERS = 4000

try {
  const options = parseOptions(process.argv.slice(2))
  const { seed, only } = options
  process.exitCode = only === undefined ? await fuzz(options) : await replay(seed, only)
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  console.error(`${error.message}\n${USAGE}`)
  process.exitCode = 2
}

/** Runs many inputs on many threads. Resolves to the exit code. */
async function fuzz(options: FuzzOptions): Promise<number> {
  const { seed, seconds, jobs } = options
  const shared = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))
  const orders: ThreadOrders = { seed, shared, inputs: options.inputs ?? Number.MAX_SAFE_INTEGER }
  const stop = (): void => {
    Atomics.store(shared, 1, 1)
  }
  const total = createTally()
  const start = performance.now()
  const elapsed = (): number => (performance.now() - start) / 1000
  const timer = seconds === undefined ? undefined : setTimeout(stop, seconds * 1000)
  const progress = setInterval(() => showProgress(total, elapsed()), 1000)
  process.once('SIGINT', stop)
  const take = (tally: Tally): void => {
    const room = Math.max(0, MAX_VIOLATIONS - total.violations.length)
    for (const violation of tally.violations.slice(0, room)) showViolation(seed, violation)
    merge(total, tally)
    if (total.violations.length >= MAX_VIOLATIONS) stop()
  }
  await Promise.all(Array.from({ length: jobs }, () => runThread(orders, take)))
  clearTimeout(timer)
  clearInterval(progress)
  clearProgress()
  console.log(summarize(total, { seed, seconds: elapsed() }))
  return total.violations.length === 0 ? 0 : 1
}

function runThread(orders: ThreadOrders, take: (tally: Tally) => void): Promise<void> {
  const thread = new Worker(new URL('./thread.ts', import.meta.url), { workerData: orders })
  return new Promise((resolve, reject) => {
    thread.on('message', take).on('error', reject)
    thread.on('exit', () => resolve())
  })
}

/** Shows one input and what becomes of it. Resolves to the exit code. */
async function replay(seed: number, index: number): Promise<number> {
  const run = new FuzzRun(seed, await createWorlds())
  const { kind, fuzzCase } = await run.create(index)
  const shown = fuzzCase.type === 'request' ? { ...fuzzCase, world: fuzzCase.world.name } : fuzzCase
  console.log(inspect(shown, { depth: 5, maxStringLength: MAX_SHOWN_CHARACTERS, maxArrayLength: 2000 }))
  const { code, milliseconds, violation } = await run.run(index)
  console.log(`${kind}: ${violation ?? code} in ${milliseconds.toFixed(1)} ms`)
  return violation === undefined ? 0 : 1
}

function showViolation(seed: number, { index, kind, violation }: InputResult): void {
  clearProgress()
  console.log(`seed ${seed} input ${index} (${kind}): ${violation}`)
  console.log(`  again: node --conditions=behalf-source test/fuzz/main.ts --seed ${seed} --only ${index}`)
}

function showProgress({ inputs, violations, slowest }: Tally, seconds: number): void {
  if (!process.stdout.isTTY) return
  clearProgress()
  const rate = spell(Math.round(inputs / seconds))
  const worst = `slowest ${slowest.milliseconds.toFixed(1)} ms`
  process.stdout.write(`${spell(inputs)} inputs, ${rate}/s, ${worst}, violations ${violations.length}`)
}

function clearProgress(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
}
