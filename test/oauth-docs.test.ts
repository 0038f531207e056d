import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from './support/free-port.ts'
import { oldVerifierFile } from './support/old-verifier-file.ts'
import { ROOT } from './support/source-files.ts'
import { openWorld, type World } from './support/world.ts'

const PAGE = readFileSync(join(ROOT, 'docs', 'oauth.md'), 'utf8')
const EXAMPLES = new Map(
  [...PAGE.matchAll(/^```ts run (\w+)\n(.*?)^```$/gmsu)].map(([, name = '', code = '']) => [name, code]),
)

describe('the page about OAuth', () => {
  let world: World
  let server: ChildProcess
  let env: NodeJS.ProcessEnv
  // Beside this file, so that the examples find the packages as a project that installed them does.
  const folder = mkdtempSync(join(import.meta.dirname, 'oauth-docs-'))

  /** Starts an example as it stands. */
  function start(name: string): ChildProcess {
    const file = join(folder, `${name}.ts`)
    writeFileSync(file, EXAMPLES.get(name) ?? '')
    return spawn(process.execPath, ['--conditions=behalf-source', file], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  async function run(name: string): Promise<string> {
    const child = start(name)
    let printed = ''
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString('utf8')
    })
    const [[code]] = await Promise.all([once(child, 'close'), world.approveNext()])
    expect(code).toBe(0)
    return printed
  }

  beforeAll(async () => {
    world = await openWorld()
    env = {
      ...process.env,
      AUTHORITY: world.authority,
      ISSUER: world.issuer,
      API: `http://127.0.0.1:${await freePort()}`,
      DATABASE: oldVerifierFile(join(folder, 'verifier.sqlite')),
    }
    server = start('api')
    await vi.waitFor(() => checkListening(env['API'] ?? ''), { timeout: 60_000, interval: 50 })
  }, 90_000)
  afterAll(async () => {
    server.kill()
    await world.end()
    rmSync(folder, { recursive: true })
  })

  test('has examples of an API and of agents', () => {
    expect([...EXAMPLES.keys()]).toEqual(['api', 'wallet', 'client'])
  })

  test.each(['wallet', 'client'])(
    'has an agent that calls the API as it stands: %s',
    async (name) => {
      const printed = await run(name)
      expect(printed).toContain('200 {"id":"7","principal":"alice","agent":"did:key:z6Mk')
    },
    60_000,
  )

  test('names only files that exist', () => {
    const links = [...PAGE.matchAll(/\]\((?!https?:)([^)#]+)/gu)].map((match) => match[1] ?? '')
    expect(links.length).toBeGreaterThan(1)
    for (const link of links) expect(() => readFileSync(join(ROOT, 'docs', link)), link).not.toThrow('ENOENT')
  })
})

/** The API answers: without a token it refuses. */
async function checkListening(api: string): Promise<void> {
  expect((await fetch(`${api}/issues/7`)).status).toBe(401)
}
