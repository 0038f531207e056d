import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { ROOT } from '../../support/source-files.ts'

/** Which side of the protocol a scenario is for. */
export type Side = 'clients' | 'servers'

const run = promisify(execFile)
const manifest = createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')
const SUITE = join(dirname(manifest), 'dist/index.js')
const HEADINGS = { clients: 'Client scenarios', servers: 'Server scenarios' } as const

/** What the official conformance suite prints; also where something failed. */
export async function runSuite(args: readonly string[]): Promise<string> {
  const ran = run(process.execPath, [SUITE, ...args], { cwd: tmpdir() })
  const { stdout, stderr } = await ran.catch((error: { stdout: string; stderr: string }) => error)
  return stdout + stderr
}

/** The names of the scenarios that it has for one side, sorted. */
export async function listScenarios(side: Side): Promise<readonly string[]> {
  const listed = await runSuite(['list'])
  const section = (listed.split(HEADINGS[side])[1] ?? '').split('\n\n')[0] ?? ''
  return [...section.matchAll(/^ {2}- (\S+)/gm)].map(([, name = '']) => name).toSorted()
}

/** What docs/testing.md says of the scenarios for one side. */
export function readVerdicts(side: Side): ReadonlyMap<string, string> {
  const page = readFileSync(join(ROOT, 'docs/testing.md'), 'utf8')
  const table = (page.split(`| scenarios for ${side} | |`)[1] ?? '').split('\n\n')[0] ?? ''
  const rows = [...table.matchAll(/^\| (`.+`) \| (.+) \|$/gm)]
  return new Map(
    rows.flatMap(([, names = '', verdict = '']) =>
      [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => [name, verdict] as const),
    ),
  )
}
