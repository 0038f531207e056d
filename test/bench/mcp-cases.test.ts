import { afterAll, beforeAll, expect, test } from 'vitest'
import { openWorld, type World } from '../support/world.ts'
import { createMcpCases, type McpCases } from './mcp-cases.ts'

let world: World
let mcp: McpCases

beforeAll(async () => {
  world = await openWorld()
  mcp = await createMcpCases(world)
}, 60_000)
afterAll(async () => {
  await mcp.end()
  await world.end()
})

test('what is measured of MCP happens, with proof and without', async () => {
  expect(mcp.pairs.map(({ sdk }) => sdk)).toEqual(['2.x', '1.x'])
  for (const benchCase of mcp.pairs.flatMap(({ bare, proven }) => [bare, proven])) {
    const runs = await benchCase.prepare(2)
    expect(runs).toHaveLength(2)
    for (const run of runs) await run()
  }
})
