import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { runBehalf } from '../src/run.ts'
import { findFreePort, openServer } from './support/open-server.ts'
import { AGENT } from './support/signed-files.ts'
import { createFolder } from './support/temporary-folder.ts'
import { behalf, type CommandRun, codeOf, createTestIo, documentOf } from './support/test-io.ts'

const ISSUER = ['--issuer', AGENT.did]
const PROGRAM = ['--', 'no-such-program', '--json']
/** Where nobody answers: nothing is heard of any delegation. */
const ENV = { BEHALF_AUTHORITY: 'http://127.0.0.1:1' }

/** Runs `behalf mcp protect` until it would wait for its end. */
async function protect(argv: readonly string[]): Promise<CommandRun> {
  const home = await createFolder()
  return await behalf(['mcp', 'protect', ...argv], {
    env: { ...ENV, BEHALF_HOME: home },
    interruption: AbortSignal.abort(),
  })
}

async function refused(...argv: readonly string[]): Promise<CommandRun> {
  return await protect(['--json', ...argv])
}

describe('a command line of behalf mcp protect', () => {
  test.each<{ name: string; argv: readonly string[]; says: RegExp }>([
    { name: 'without a server', argv: ISSUER, says: /no server to protect/u },
    { name: 'with an empty program', argv: [...ISSUER, '--'], says: /no server to protect/u },
    {
      name: 'with two servers',
      argv: [...ISSUER, '--upstream', 'http://127.0.0.1:4000/mcp', ...PROGRAM],
      says: /two servers/u,
    },
    { name: 'without an issuer', argv: PROGRAM, says: /--issuer is missing/u },
    { name: 'with a program before --', argv: [...ISSUER, 'node', ...PROGRAM], says: /too many: "node"/u },
    {
      name: 'on every address without a URL',
      argv: [...ISSUER, '--host', '0.0.0.0', ...PROGRAM],
      says: /cannot know/u,
    },
    {
      name: 'with no sessions',
      argv: [...ISSUER, '--max-sessions', '0', ...PROGRAM],
      says: /from 1 to 10000/u,
    },
    { name: 'with metrics nowhere', argv: [...ISSUER, '--metrics', '9464', ...PROGRAM], says: /no address/u },
  ])('is wrong usage $name', async ({ argv, says }) => {
    const run = await refused(...argv)
    expect([run.exit, codeOf(run)]).toEqual([2, 'usage_invalid'])
    expect(run.stderr).toMatch(says)
  })

  test.each<{ name: string; argv: readonly string[] }>([
    { name: 'an issuer that is none', argv: ['--issuer', 'did:web:authority.example', ...PROGRAM] },
    { name: 'a URL with a query', argv: [...ISSUER, '--url', 'https://mcp.example.com/mcp?a=b', ...PROGRAM] },
    {
      name: 'a URL in another spelling',
      argv: [...ISSUER, '--url', 'HTTPS://mcp.example.com/mcp', ...PROGRAM],
    },
    { name: 'a server in the open', argv: [...ISSUER, '--upstream', 'http://mcp.example.com/mcp'] },
    { name: 'a server that is no URL', argv: [...ISSUER, '--upstream', 'ftp://127.0.0.1/mcp'] },
    { name: 'an origin with a path', argv: [...ISSUER, '--allow-origin', 'https://a.example/b', ...PROGRAM] },
  ])('is refused for $name', async ({ argv }) => {
    const run = await refused(...argv)
    expect([run.exit, codeOf(run)]).toEqual([1, 'input_invalid'])
  })
})

describe('a start of behalf mcp protect that cannot be', () => {
  test('on a port that is taken', async () => {
    const { port, close } = await openServer(createServer())
    expect(codeOf(await refused(...ISSUER, '--port', String(port), ...PROGRAM))).toBe('address_in_use')
    const other = String(await findFreePort())
    const metrics = ['--metrics', `127.0.0.1:${port}`]
    expect(codeOf(await refused(...ISSUER, '--port', other, ...metrics, ...PROGRAM))).toBe('address_in_use')
    await close()
  })

  test('in a folder that cannot be made, or whose database cannot be opened', async () => {
    const folder = await createFolder()
    await writeFile(join(folder, 'file'), '')
    await mkdir(join(folder, 'verifier.db'))
    for (const data of [join(folder, 'file', 'data'), folder]) {
      expect(codeOf(await refused(...ISSUER, '--data', data, ...PROGRAM))).toBe('folder_unwritable')
    }
  })

  test('with a key file that holds none', async () => {
    const folder = await createFolder()
    await writeFile(join(folder, 'reports.key'), 'no key\n')
    const run = await refused(...ISSUER, '--data', folder, '--report', ...PROGRAM)
    expect([codeOf(run), run.stderr]).toEqual([
      'input_invalid',
      expect.stringContaining('the key of a front'),
    ])
  })
})

test('as long as nothing is known of the status of delegations it is not ready, and says nothing on stdout', async () => {
  const port = await findFreePort()
  const controller = new AbortController()
  const { io, stdout, stderr } = createTestIo({
    env: { ...ENV, BEHALF_HOME: await createFolder() },
    interruption: controller.signal,
  })
  const ended = runBehalf(['mcp', 'protect', ...ISSUER, '--port', String(port), '--json', ...PROGRAM], io)
  const ask = (): Promise<Response> => fetch(`http://127.0.0.1:${port}/ready`)
  await vi.waitFor(ask, { timeout: 20_000, interval: 50 })
  const answer = await ask()
  expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toMatchObject([
    503,
    '1',
    { ready: false, status: false },
  ])
  controller.abort()
  expect([await ended, stdout()]).toEqual([0, ''])
  expect(stderr()).toContain('Stopped.')
})

test('a key for reports is made once, for its owner alone, and only where there are reports', async () => {
  const folder = await createFolder()
  const port = ['--port', String(await findFreePort())]
  const file = join(folder, 'reports.key')
  expect((await protect([...ISSUER, ...port, '--data', folder, ...PROGRAM])).exit).toBe(0)
  await expect(stat(file)).rejects.toThrow('ENOENT')
  expect((await protect([...ISSUER, ...port, '--data', folder, '--report', ...PROGRAM])).exit).toBe(0)
  const made = await readFile(file, 'utf8')
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect(
    (await protect([...ISSUER, ...port, '--data', folder, '--record-before-act', ...PROGRAM])).exit,
  ).toBe(0)
  expect(await readFile(file, 'utf8')).toBe(made)
})

test('the help of behalf mcp protect says how a program is named', async () => {
  const run = await behalf(['mcp', 'protect', '--help', '--json'])
  expect(documentOf(run)).toMatchObject({
    usage: expect.stringContaining('-- COMMAND [ARGUMENT …]'),
    example: expect.stringContaining(' -- node server.js'),
  })
})
