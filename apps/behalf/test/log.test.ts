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

describe('behalf auditor', () => {
  test('lets a key check the log, lists it and takes it away', async () => {
    const verify = (): Promise<CommandRun> => world.run(['log', 'verify', '--wallet', 'helper', '--json'])
    expect(codeOf(await world.run(['log', 'verify', '--wallet', 'helper']))).toBe('forbidden')
    expect(documentOf(await world.run(['auditor', 'add', world.helper, '--json']))).toEqual({
      did: world.helper,
    })
    expect(documentOf(await world.run(['auditor', 'list', '--json']))).toMatchObject({
      auditors: [{ did: world.helper }],
    })
    expect((await world.run(['auditor', 'list'])).stdout).toContain(world.helper)
    const run = await verify()
    expect([run.exit, documentOf(run)['log']]).toEqual([0, world.issuer])
    expect((await world.run(['auditor', 'remove', world.helper])).stdout).toContain('Removed.')
    expect((await verify()).exit).toBe(1)
    expect((await world.run(['auditor', 'list'])).stdout).toBe('Nobody but operators may read the log.\n')
    expect(codeOf(await world.run(['auditor', 'remove', world.helper]))).toBe('not_found')
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

  describe('between two looks', () => {
    const text = { 'Content-Type': 'text/plain' }
    const problem = (status: number, code: string): Answered => ({
      status,
      headers: { 'Content-Type': 'application/problem+json' },
      body: JSON.stringify({ type: `urn:behalf:error:${code}`, title: 'Refused', status, code }),
    })

    test.each<[string, Look, string]>([
      [
        'is restarted behind a proxy',
        { status: 502, headers: {}, body: '<html>' },
        'authority_response_invalid, HTTP 502',
      ],
      [
        'is in the way of nobody',
        { status: 404, headers: {}, body: 'default backend' },
        'authority_response_invalid, HTTP 404',
      ],
      ['cannot write', problem(503, 'audit_unavailable'), 'audit_unavailable, HTTP 503'],
      ['has a bug', problem(500, 'internal_error'), 'internal_error, HTTP 500'],
      ['is asked too often', problem(429, 'rate_limited'), 'rate_limited, HTTP 429'],
      [
        'has a page in front',
        { status: 200, headers: { 'Content-Type': 'text/html' }, body: '<html>' },
        'authority_response_invalid, HTTP 200',
      ],
      [
        'shows what it did not sign',
        { status: 200, headers: text, body: 'back soon' },
        'audit_proof_invalid',
      ],
      ['breaks off', 'cut', 'authority_unreachable'],
      ['is gone', 'gone', 'authority_unreachable'],
    ])('goes on when the authority %s, and says so once', async (_, answered, told) => {
      const run = await watchThrough([answered, answered, 'whole', answered, 'whole'])
      expect(run.exit).toBe(0)
      const lines = run.stderr.split('\n').filter((line) => line.startsWith('The authority'))
      const silent = `The authority does not answer (${told}); it is asked again.`
      expect(lines).toEqual([silent, 'The authority answers again.', silent, 'The authority answers again.'])
    })

    test.each<[string, Answered, string]>([
      ['has no log', problem(404, 'not_found'), 'not_found'],
      ['lets nobody look', problem(403, 'forbidden'), 'forbidden'],
    ])('ends when the authority %s', async (_, answered, code) => {
      const run = await watchThrough([answered, 'whole'])
      expect([run.exit, codeOf(run)]).toEqual([1, code])
    })

    test('ends with a log that was written anew, however often nobody answered before', async () => {
      const { size } = documentOf(await world.run(['witness', '--once', '--json']))
      const forged = { status: 200, headers: text, body: await forge(Number(size)) }
      const run = await watchThrough(['gone', forged, 'whole'])
      expect(run.exit).toBe(1)
      expect(run.stderr).toMatch(/^behalf: .* \(audit_fork\)$/mu)
    })

    test('ends when its own folder holds something else', async () => {
      const folder = join(world.home, 'spoilt')
      await world.run(['witness', '--once', '--folder', folder])
      await writeFile(join(folder, checkpointFile()), 'nothing')
      const run = await world.run(['witness', '--once', '--folder', folder])
      expect([run.exit, codeOf(run)]).toEqual([1, 'input_invalid'])
    })
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

type Answered = { readonly status: number; readonly headers: Record<string, string>; readonly body: string }

/** What comes of one look: an answer, nothing, half of one, or that of the authority. */
type Look = Answered | 'gone' | 'cut' | 'whole'

/** Watches an authority that answers its first look, and the ones that follow like this; then it is interrupted. */
async function watchThrough(looks: readonly Look[]): Promise<CommandRun> {
  const interruption = new AbortController()
  let asked = 0
  const fetchThrough: typeof fetch = async (input, init) => {
    if (!new Request(input).url.endsWith('/log/checkpoint')) return fetch(input, init)
    const look = looks[asked - 1] ?? 'whole'
    asked += 1
    if (asked > looks.length) interruption.abort()
    if (look === 'whole') return fetch(input, init)
    if (look === 'gone') throw new TypeError('fetch failed')
    if (look !== 'cut') return new Response(look.body, look)
    const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError('terminated')) })
    return new Response(body, { headers: { 'Content-Type': 'text/plain' } })
  }
  return world.run(['witness'], { fetch: fetchThrough, interruption: interruption.signal })
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
