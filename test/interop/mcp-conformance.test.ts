import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listScenarios, readVerdicts, runSuite } from './support/conformance-suite.ts'

// The official suite against createMcpClient. What is not run is listed with its reason in docs/testing.md.

const CLIENT = join(import.meta.dirname, 'support/conformance-client.ts')
const COMMAND = `${process.execPath} --disable-warning=ExperimentalWarning --conditions=behalf-source ${CLIENT}`
const PASSING = ['elicitation-sep1034-client-defaults', 'initialize', 'sse-retry', 'tools_call']
const TIMEOUT_MS = 60_000

test.each(PASSING)(
  'our client passes %s',
  async (scenario) => {
    const printed = await runSuite(['client', '--command', COMMAND, '--scenario', scenario])
    expect(printed).toMatch(/Passed: ([1-9]\d*)\/\1, 0 failed/)
    expect(printed).toContain('OVERALL: PASSED')
  },
  TIMEOUT_MS,
)

test('the table has every scenario for clients, and calls passing what is run', async () => {
  const verdicts = readVerdicts('clients')
  expect([...verdicts.keys()].toSorted()).toEqual(await listScenarios('clients'))
  const left = [...verdicts].filter(([, verdict]) => !/^not run: .{20}/.test(verdict))
  expect(new Map(left)).toEqual(new Map(PASSING.map((name) => [name, 'pass'])))
})
