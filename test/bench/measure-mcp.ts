import { openWorld } from '../support/world.ts'
import { type BenchCase, median, runInterleaved } from './closed-loop.ts'
import { createMcpCases } from './mcp-cases.ts'
import type { McpResult } from './results.ts'

// Prints what the call of a tool takes with proof, against the bare SDK of each generation in the same run, as JSON:
// node measure-mcp.ts <rounds>. Clients and servers are in this one process, with HTTP on loopback between them.

const WARM_UP_ROUNDS = 5
const RUNS_PER_ROUND = 20

const world = await openWorld()
const mcp = await createMcpCases(world)
try {
  const rounds = Number(process.argv[2] ?? '30')
  const timings = await runInterleaved(
    mcp.pairs.flatMap(({ bare, proven }) => [bare, proven]),
    {
      warmUpRounds: WARM_UP_ROUNDS,
      rounds,
      runsPerRound: RUNS_PER_ROUND,
    },
  )
  const cpuOf = ({ name }: BenchCase): number => median((timings.get(name) ?? []).map(({ cpu }) => cpu))
  const result: McpResult = {
    calls: rounds * RUNS_PER_ROUND,
    sdks: mcp.pairs.map(({ sdk, bare, proven }) => ({ sdk, bare: cpuOf(bare), proven: cpuOf(proven) })),
  }
  console.log(JSON.stringify(result))
} finally {
  await mcp.end()
  await world.end()
}
