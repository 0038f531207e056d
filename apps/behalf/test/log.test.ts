import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { createAuditLog, createMemoryLogStore, verifyCheckpoint, verifyCosignature } from '@behalf/audit-log'
import { openAuthorityKeys } from '@behalf/authority'
import { encodeUtf8 } from '@behalf/core'
import { decodeDidKey } from '@behalf/did'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openServer } from './support/open-server.ts'
import { type CommandRun, documentOf } from './support/test-io.ts'
import { ask, obtain, openWorld, termsFor, type World } from './support/world.ts'

let world: World
beforeAll(async () => {
  world = await openWorld()
  await obtain(world, ...termsFor(world, '/issues/**'))
})
afterAll(() => world.close())

/** The code that a command ended with, as people are told it. */
const codeOf = ({ stderr }: CommandRun): string | undefined => /\(([a-z_]+)\)/u.exec(stderr)?.[1]

const keyOf = (did: string) => ({ name: did, publicKey: decodeDidKey(did) })

describe('behalf api', () => {
  test('lets an API put decisions on record, lists it and takes it away', async () => {
    const add = await world.run(['api', 'add', world.helper, '--origin', 'https://api.example.com', '--json'])
    expect(documentOf(add)).toEqual({ did: world.helper, origins: ['https://api.example.com'] })
    const listed = await world.run(['api', 'list', '--json'])
    expect(documentOf(listed)).toMatchObject({ apis: [{ did: world.helper }] })
    expect((await world.run(['api', 'list'])).stdout).toContain('https://api.example.com')
    expect((await world.run(['api', 'remove', world.helper])).stdout).toContain('Removed.')
    expect((await world.run(['api', 'list'])).stdout).toBe('No API is registered.\n')
    expect(codeOf(await world.run(['api', 'remove', world.helper]))).toBe('not_found')
  })

  test('wants an origin', async () => {
    expect((await world.run(['api', 'add', world.helper])).exit).toBe(2)
  })
})

describe('behalf log verify', () => {
  test('checks every record, and what was seen before', async () => {
    const witnessed = documentOf(await world.run(['witness', '--once', '--json']))
    await ask(world, ...termsFor(world, '/issues/7'))
    const run = await world.run(['log', 'verify', '--seen', String(witnessed['file']), '--json'])
    expect(run.exit).toBe(0)
    const { log, size, seen } = documentOf(run)
    expect([log, seen]).toEqual([world.issuer, [witnessed['size']]])
    expect(Number(size)).toBe(Number(witnessed['size']) + 2)
    expect(run.stderr).toContain('The log is whole.')
  })

  test('says that nobody else has seen it', async () => {
    const run = await world.run(['log', 'verify'])
    expect(run.stdout).toContain('No checkpoint was given that somebody else kept')
  })

  test('wants it to be the log of whom it was said to be', async () => {
    const run = await world.run(['log', 'verify', '--issuer', world.helper])
    expect([run.exit, codeOf(run)]).toEqual([1, 'audit_proof_invalid'])
  })

  test('tells of a checkpoint that it cannot read', async () => {
    expect(codeOf(await world.run(['log', 'verify', '--seen', 'nowhere']))).toBe('not_found')
  })
})

describe('behalf witness', () => {
  test('signs what it saw, and sees the log grow', async () => {
    const first = documentOf(await world.run(['witness', '--once', '--json']))
    await ask(world, ...termsFor(world, '/issues/8'))
    const second = documentOf(await world.run(['witness', '--once', '--json']))
    expect(Number(second['size'])).toBeGreaterThan(Number(first['size']))
    expect(second['witness']).toBe(first['witness'])
    const note = await readFile(String(second['file']), 'utf8')
    expect(verifyCheckpoint(note, keyOf(world.issuer)).size).toBe(second['size'])
    const time = verifyCosignature(note, keyOf(String(second['witness'])))
    expect(time).toBe(Math.floor(world.now() / 1000))
  })

  test('reports a log that was written anew, and keeps the proof', async () => {
    const shown = await forge(
      Number(documentOf(await world.run(['witness', '--once', '--json']))['size']) + 3,
    )
    const run = await watchForged(shown, 200)
    expect([run.exit, codeOf(run)]).toEqual([1, 'audit_fork'])
    const folder = join(world.home, 'witness')
    const [fork = ''] = (await readdir(folder)).filter((name) => name.startsWith('fork-'))
    const kept = await readFile(join(folder, fork), 'utf8')
    expect(kept).toContain(shown)
    expect(
      verifyCheckpoint(await readFile(join(folder, checkpointFile()), 'utf8'), keyOf(world.issuer)).size,
    ).toBeGreaterThan(0)
  })

  test('reports a log that became shorter', async () => {
    await world.run(['witness', '--once'])
    expect(codeOf(await watchForged(await forge(2), 200))).toBe('audit_fork')
  })

  test('reports a log that cannot show what it held', async () => {
    const { size } = documentOf(await world.run(['witness', '--once', '--json']))
    expect(codeOf(await watchForged(await forge(Number(size) + 3), 404))).toBe('audit_gap')
  })

  test('refuses a key file that holds no key', async () => {
    const folder = join(world.home, 'odd')
    await world.run(['witness', '--once', '--folder', folder])
    await writeFile(join(folder, 'witness.key'), 'nothing')
    expect(codeOf(await world.run(['witness', '--once', '--folder', folder]))).toBe('input_invalid')
  })

  test('says when nobody answers', async () => {
    const run = await world.run(['witness', '--once', '--authority', 'http://127.0.0.1:1'])
    expect([run.exit, codeOf(run)]).toEqual([1, 'authority_unreachable'])
  })
})

describe('behalf forget', () => {
  test('asks before it forgets', async () => {
    const no = await world.run(['forget', 'alice'], { typed: ['n'] })
    expect([no.exit, codeOf(no)]).toEqual([1, 'access_denied'])
    const yes = await world.run(['forget', 'alice'], { typed: ['y'] })
    expect(yes.exit).toBe(0)
    expect(yes.stdout).toContain('Forgotten.')
    expect(codeOf(await world.run(['forget', 'alice', '--yes']))).toBe('not_found')
    expect((await world.run(['log', 'verify'])).exit).toBe(0)
  })
})

function checkpointFile(): string {
  return `${world.issuer.replaceAll(/[^A-Za-z0-9.-]/gu, '_')}.checkpoint`
}

/** A checkpoint of another log, signed by whoever holds the key. */
async function forge(size: number): Promise<string> {
  const { signer } = await openAuthorityKeys(join(world.home, 'authority'), 'correct horse battery staple')
  const setTimer = (run: () => void) => clearTimeout.bind(undefined, setTimeout(run, 0))
  const log = createAuditLog({ store: createMemoryLogStore(), signer, origin: world.issuer, setTimer })
  const entries = Array.from({ length: size }, (_, index) => ({
    id: `${index}`,
    data: encodeUtf8(`${index}`),
  }))
  await Promise.all(entries.map((entry) => log.append(entry)))
  return log.checkpoint()
}

/** The authority shows this checkpoint, and answers for proofs with this status. */
async function watchForged(checkpoint: string, status: 200 | 404): Promise<CommandRun> {
  const problem = { type: 'urn:behalf:error:not_found', title: 'Not found', status: 404, code: 'not_found' }
  const [type, body] =
    status === 200 ? ['application/json', { proof: [] }] : ['application/problem+json', problem]
  const server = await openServer(
    createServer(({ url }, response) => {
      if (url === '/log/checkpoint') response.writeHead(200, { 'Content-Type': 'text/plain' }).end(checkpoint)
      else response.writeHead(status, { 'Content-Type': type }).end(JSON.stringify(body))
    }),
  )
  try {
    const authority = `http://127.0.0.1:${server.port}`
    return await world.run(['witness', '--once', '--authority', authority, '--issuer', world.issuer])
  } finally {
    await server.close()
  }
}
