import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { freePort } from './support/free-port.ts'
import { oldVerifierFile } from './support/old-verifier-file.ts'
import { ROOT } from './support/source-files.ts'
import { openWorld, type World } from './support/world.ts'

const FOLDER = join(ROOT, 'packages', 'mcp')
const PAGE = readFileSync(join(FOLDER, 'README.md'), 'utf8')
const EXAMPLES = new Map(
  [...PAGE.matchAll(/^```ts run (\w+)\n(.*?)^```$/gmsu)].map(([, name = '', code = '']) => [name, code]),
)

describe('the README of @behalf/mcp', () => {
  let world: World
  let server: ChildProcess
  let env: NodeJS.ProcessEnv
  // Beside this file, so that the examples find the packages as a project that installed them does.
  const folder = mkdtempSync(join(import.meta.dirname, 'mcp-readme-'))

  /** Starts an example as it stands. */
  function start(name: string): ChildProcess {
    const file = join(folder, `${name}.ts`)
    writeFileSync(file, EXAMPLES.get(name) ?? '')
    return spawn(process.execPath, ['--conditions=behalf-source', file], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  }

  beforeAll(async () => {
    world = await openWorld()
    env = {
      ...process.env,
      AUTHORITY: world.authority,
      ISSUER: world.issuer,
      MCP: `http://127.0.0.1:${await freePort()}/mcp`,
      DATABASE: oldVerifierFile(join(folder, 'verifier.sqlite')),
      SERVER: join(folder, 'stdioServer.ts'),
    }
    writeFileSync(env['SERVER'] ?? '', EXAMPLES.get('stdioServer') ?? '')
    server = start('server')
    await vi.waitFor(() => checkListening(env['MCP'] ?? ''), { timeout: 60_000, interval: 50 })
  }, 90_000)
  afterAll(async () => {
    server.kill()
    await world.end()
    rmSync(folder, { recursive: true })
  })

  test('has no example in TypeScript that is not run', () => {
    expect([...EXAMPLES.keys()]).toEqual(['server', 'oauth', 'client', 'stdioServer', 'stdioClient'])
    expect(PAGE.match(/^```ts/gmu)).toHaveLength(EXAMPLES.size)
  })

  test.each([
    ['client', 2],
    ['oauth', 1],
    ['stdioClient', 2],
  ])(
    'has a client that calls the server as it stands: %s',
    async (name, questions) => {
      const child = start(name)
      let printed = ''
      child.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8')
      })
      const closed = once(child, 'close')
      for (let asked = 0; asked < questions; asked += 1) await world.approveNext()
      expect((await closed)[0]).toBe(0)
      expect(printed).toContain("text: 'alice'")
    },
    60_000,
  )

  test('names only files that exist', () => {
    const links = [...PAGE.matchAll(/\]\((?!https?:)([^)#]+)/gu)].map((match) => match[1] ?? '')
    expect(links.length).toBeGreaterThan(1)
    for (const link of links) expect(() => readFileSync(join(FOLDER, link)), link).not.toThrow('ENOENT')
  })
})

/** The server answers: what nobody signed it refuses. */
async function checkListening(url: string): Promise<void> {
  expect((await fetch(url)).status).toBe(401)
}
