import { parentPort, workerData } from 'node:worker_threads'
import { ERA_INPUTS, FuzzRun } from './fuzz-run.ts'
import { count, createTally } from './tally.ts'
import { createWorlds } from './world.ts'

/** What a thread is told; `shared` is the next era, and whether to stop. */
export interface ThreadOrders {
  readonly seed: number
  readonly inputs: number
  readonly shared: Int32Array<SharedArrayBuffer>
}

const REPORT_INPUTS = 500

// Refusals are errors, and there are millions of them: their traces would cost more than what is tested.
Error.stackTraceLimit = 2

const { seed, inputs, shared }: ThreadOrders = workerData
const run = new FuzzRun(seed, await createWorlds())
let tally = createTally()

for (let era = takeEra(); era * ERA_INPUTS < inputs && !isStopped(); era = takeEra()) await runEra(era)
report()

function isStopped(): boolean {
  return Atomics.load(shared, 1) !== 0
}

function takeEra(): number {
  return Atomics.add(shared, 0, 1)
}

async function runEra(era: number): Promise<void> {
  const end = Math.min((era + 1) * ERA_INPUTS, inputs)
  for (let index = era * ERA_INPUTS; index < end && !isStopped(); index += 1) {
    count(tally, await run.run(index))
    if (tally.inputs >= REPORT_INPUTS) report()
  }
}

function report(): void {
  parentPort?.postMessage(tally)
  tally = createTally()
}
