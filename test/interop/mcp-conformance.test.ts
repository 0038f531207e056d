import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ROOT } from '../support/source-files.ts'

// The official suite against createMcpClient. What is not run is listed with its reason in docs/testing.md.

const run = promisify(execFile)
const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')
const SUITE = join(dirname(manifest), 'dist/index.js')
const CLIENT = join(import.meta.dirname, 'support/conformance-client.ts')
const COMMAND = `${process.execPath} --disable-warning=ExperimentalWarning --conditions=behalf-source ${CLIENT}`
const PASSING = ['initialize', 'tools_call']
const TIMEOUT_MS = 60_000

test.each(PASSING)(
  'our client passes %s',
  async (scenario) => {
    const args = [SUITE, 'client', '--command', COMMAND, '--scenario', scenario]
    const { stdout, stderr } = await run(process.execPath, args, { cwd: tmpdir() })
    expect(stdout + stderr).toMatch(/Passed: ([1-9]\d*)\/\1, 0 failed/)
  },
  TIMEOUT_MS,
)

test('the table has every scenario for clients, and calls passing what is run', async () => {
  const { stdout, stderr } = await run(process.execPath, [SUITE, 'list'], { cwd: tmpdir() })
  const clients = (stdout + stderr).split('Client scenarios')[1] ?? ''
  const names = [...clients.matchAll(/^ {2}- (\S+)/gm)].map(([, name = '']) =>
    name.replace(/^auth\/.*/, 'auth/*'),
  )
  const table = readFileSync(join(ROOT, 'docs/testing.md'), 'utf8').split('| scenario for clients |')[1] ?? ''
  const rows = [...table.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)]
  expect(rows.map(([, name]) => name).toSorted()).toEqual([...new Set(names)].toSorted())
  expect(rows.filter(([, , verdict]) => verdict === 'passes').map(([, name]) => name)).toEqual(PASSING)
})
