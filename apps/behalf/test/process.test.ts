import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { createKeys } from './support/authority-keys.ts'
import { findFreePort } from './support/open-server.ts'
import { createFolder } from './support/temporary-folder.ts'
import { createWalletFile } from './support/wallet-file.ts'

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts')
const PASSPHRASE = 'correct horse battery staple'

interface Ended {
  readonly exit: number | null
  readonly stdout: string
  readonly stderr: string
}

interface Running {
  readonly child: ChildProcess
  /** Resolves once the output holds the words. */
  says(words: string): Promise<void>
  /** Resolves when it is over and its output was read. */
  readonly ended: Promise<Ended>
}

function start(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Running {
  const child = spawn(process.execPath, ['--conditions=behalf-source', MAIN, ...argv], {
    env: { PATH: process.env.PATH, NODE_NO_WARNINGS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const { stdout, stderr } = child
  const says = async (words: string): Promise<void> => {
    let said = ''
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const listen = (chunk: Buffer): void => {
      said += chunk.toString('utf8')
      if (said.includes(words)) resolve()
    }
    stdout.on('data', listen)
    stderr.on('data', listen)
    child.once('close', () => reject(new Error(`it ended without ${JSON.stringify(words)}: ${said}`)))
    await promise
  }
  const ended = Promise.all([once(child, 'close'), text(stdout), text(stderr)]).then(
    ([[exit], out, err]): Ended => ({ exit: exit as number | null, stdout: out, stderr: err }),
  )
  return { child, says, ended }
}

describe('the behalf process', () => {
  test('exits with 0 when it is done', async () => {
    const { version } = JSON.parse(
      await readFile(join(import.meta.dirname, '..', 'package.json'), 'utf8'),
    ) as {
      version: string
    }
    expect(await start(['--version']).ended).toEqual({ exit: 0, stdout: `${version}\n`, stderr: '' })
  })

  test('exits with 1 when it failed, with one document on stdout', async () => {
    const home = await createFolder()
    const { ended } = start(['wallet', 'show', '--json'], {
      BEHALF_HOME: home,
      BEHALF_PASSPHRASE: PASSPHRASE,
    })
    const { exit, stdout } = await ended
    expect(exit).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'keystore_missing' } })
  })

  test('exits with 2 for wrong usage', async () => {
    const { exit, stdout, stderr } = await start(['aprove']).ended
    expect({ exit, stdout }).toEqual({ exit: 2, stdout: '' })
    expect(stderr).toContain('did you mean behalf approve?')
  })

  test('does not fail when its reader stops reading', async () => {
    const { child, ended } = start(['help'])
    const unread = expect(ended).rejects.toThrow('Premature close')
    child.stdout?.destroy()
    expect(await once(child, 'exit')).toEqual([0, null])
    await unread
  })

  test('writes files for its own account alone, whatever the mask of the shell', async () => {
    const home = await createFolder()
    const data = join(home, 'authority')
    await createKeys(home, PASSPHRASE)
    const port = await findFreePort()
    const running = start(['serve', '--data', home, '--port', String(port)], {
      BEHALF_HOME: data,
      BEHALF_PASSPHRASE: PASSPHRASE,
    })
    await running.says('The authority runs')
    running.child.kill('SIGINT')
    expect((await running.ended).exit).toBe(0)
    expect((await stat(join(home, 'authority.db'))).mode & 0o077).toBe(0)
  })
})

describe('behalf serve as a process', () => {
  test('ends with 0 on SIGTERM, refuses a second process on its port and on its data', async () => {
    const data = await createFolder()
    const other = await createFolder()
    await createKeys(data, PASSPHRASE)
    await createKeys(other, PASSPHRASE)
    const port = String(await findFreePort())
    const env = { BEHALF_PASSPHRASE: PASSPHRASE }
    const first = start(['serve', '--data', data, '--port', port, '--json'], env)
    await first.says('"issuer"')

    const samePort = await start(['serve', '--data', other, '--port', port, '--json'], env).ended
    expect(samePort.exit).toBe(1)
    expect(JSON.parse(samePort.stdout)).toMatchObject({ error: { code: 'address_in_use' } })

    const free = String(await findFreePort())
    const sameData = await start(['serve', '--data', data, '--port', free, '--json'], env).ended
    expect(sameData.exit).toBe(1)
    expect(JSON.parse(sameData.stdout)).toMatchObject({ error: { code: 'database_in_use' } })

    first.child.kill('SIGTERM')
    const { exit, stdout, stderr } = await first.ended
    expect(exit).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ origin: `http://localhost:${port}` })
    expect(stderr).toContain('Stopped.')
  })

  test('is asked by an agent that is interrupted and goes on', async () => {
    const home = await createFolder()
    const data = join(home, 'authority')
    await mkdir(data, { mode: 0o700 })
    await createKeys(data, PASSPHRASE)
    await createWalletFile(join(home, 'wallets', 'default.age'), PASSPHRASE)
    const port = String(await findFreePort())
    const env = {
      BEHALF_HOME: home,
      BEHALF_PASSPHRASE: PASSPHRASE,
      BEHALF_AUTHORITY: `http://localhost:${port}`,
    }
    const server = start(['serve', '--port', port], env)
    await server.says('The authority runs')

    const allow = 'GET https://api.example.com/issues/**'
    const asking = start(['request', '--for', 'alice', '--allow', allow, '--purpose', 'p', '--json'], env)
    await asking.says('Waiting for the decision')
    asking.child.kill('SIGINT')
    const interrupted = await asking.ended
    expect(interrupted.exit).toBe(1)
    const { request, error } = JSON.parse(interrupted.stdout) as { request: string; error: { next: string } }
    expect(error.next).toContain(`behalf request --resume ${request}`)

    expect((await start(['approve', request, '--yes'], env).ended).exit).toBe(0)
    const resumed = await start(['request', '--resume', request, '--json'], env).ended
    expect(resumed.exit).toBe(0)
    expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'approved' })

    server.child.kill('SIGINT')
    expect((await server.ended).exit).toBe(0)
  })
})
