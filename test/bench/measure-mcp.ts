import { openWorld } from '../support/world.ts'
import { median, runInterleaved } from './closed-loop.ts'
import { createMcpCases } from './mcp-cases.ts'
import type { McpResult } from './results.ts'

// Prints what the call of a tool takes with proof, against the bare SDK in the same run, as JSON:
// node measure-mcp.ts <rounds>. Clients and servers are in this one process, with HTTP on loopback between them.

const WARM_UP_ROUNDS = 5
const RUNS_PER_ROUND = 20

const world = await openWorld()
const mcp = await createMcpCases(world)
try {
  const rounds = Number(process.argv[2] ?? '30')
  const timings = await runInterleaved(mcp.cases, {
    warmUpRounds: WARM_UP_ROUNDS,
    rounds,
    runsPerRound: RUNS_PER_ROUND,
  })
  const [bare, proven] = mcp.cases.map(({ name }) => median((timings.get(name) ?? []).map(({ cpu }) => cpu)))
  const result: McpResult = { calls: rounds * RUNS_PER_ROUND, bare: bare ?? 0, proven: proven ?? 0 }
  console.log(JSON.stringify(result))
} finally {
  await mcp.end()
  await world.end()
}
