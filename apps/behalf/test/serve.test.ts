import { chmod, mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { openDatabase } from '@behalf/authority'
import { trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { CompactSign, exportJWK, generateKeyPair } from 'jose'
import { describe, expect, test } from 'vitest'
import { readPolicy } from '../src/authority-policy.ts'
import { runBehalf } from '../src/run.ts'
import { createKeys } from './support/authority-keys.ts'
import { findFreePort, openServer } from './support/open-server.ts'
import { createFolder } from './support/temporary-folder.ts'
import { behalf, type CommandRun, codeOf, createTestIo, documentOf } from './support/test-io.ts'
import { createWalletFile } from './support/wallet-file.ts'

const ENV = { BEHALF_PASSPHRASE: 'correct horse battery staple' }

interface Serving {
  /** Resolves with the document once the authority runs, or with the run if it ended before. */
  readonly started: Promise<Record<string, unknown>>
  stop(): Promise<CommandRun>
}

/** Runs `behalf serve --json` until it is stopped. */
function serve(argv: readonly string[]): Serving {
  const controller = new AbortController()
  const { io, stdout, stderr } = createTestIo({ env: ENV, interruption: controller.signal })
  const { promise: started, resolve, reject } = Promise.withResolvers<Record<string, unknown>>()
  io.stdout.on('data', () => resolve(JSON.parse(stdout()) as Record<string, unknown>))
  const done = runBehalf(['serve', ...argv, '--json'], io).then((exit) => {
    const run = { exit, stdout: stdout(), stderr: stderr() }
    reject(new Error(`it ended: ${run.stderr}`))
    return run
  })
  return {
    started,
    stop: () => {
      controller.abort()
      return done
    },
  }
}

async function refused(argv: readonly string[]): Promise<CommandRun> {
  return await behalf(['serve', ...argv, '--json'], { env: ENV, interruption: AbortSignal.abort() })
}

describe('what is measured', () => {
  test('is told to everybody at an address of its own, where there is one', async () => {
    const data = join(await createFolder(), 'data')
    const [port, metricsPort] = [await findFreePort(), await findFreePort()]
    const where = `127.0.0.1:${metricsPort}`
    const serving = serve(['--data', data, '--port', String(port), '--metrics', where])
    expect(await serving.started).toMatchObject({ metrics: { host: '127.0.0.1', port: metricsPort } })
    const answer = await fetch(`http://${where}/metrics`)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      expect.stringContaining('text/plain'),
    ])
    expect(await answer.text()).toMatch(/^behalf_authority_log_entries [1-9]/mu)
    const others = [
      `http://${where}/health`,
      `http://${where}/log/entries`,
      `http://127.0.0.1:${port}/metrics`,
    ]
    expect(await Promise.all(others.map(async (url) => (await fetch(url)).status))).toEqual([404, 404, 401])
    expect((await fetch(`http://${where}/metrics`, { method: 'POST' })).status).toBe(404)
    expect((await serving.stop()).exit).toBe(0)
    await expect(fetch(`http://${where}/metrics`)).rejects.toThrow('fetch failed')
  })

  test.each(['9464', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', 'a b:1', '::1:9464'])(
    'is told nowhere at %s',
    async (where) => {
      const run = await refused(['--metrics', where])
      expect([run.exit, codeOf(run)]).toEqual([2, 'usage_invalid'])
    },
  )
})

describe('spans', () => {
  test('go to the SDK that the process was started with', async () => {
    const exporter = new InMemorySpanExporter()
    const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
    trace.setGlobalTracerProvider(provider)
    try {
      const port = await findFreePort()
      const serving = serve(['--data', join(await createFolder(), 'data'), '--port', String(port)])
      await serving.started
      await (await fetch(`http://127.0.0.1:${port}/health`)).arrayBuffer()
      expect((await serving.stop()).exit).toBe(0)
      expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['GET /health'])
    } finally {
      trace.disable()
    }
  })
})

describe('the first start', () => {
  test('makes the keys in a folder of its own, says so, runs, and stops in order', async () => {
    const data = join(await createFolder(), 'new', 'authority')
    const port = await findFreePort()
    const serving = serve(['--data', data, '--port', String(port)])
    const document = await serving.started
    expect(document).toMatchObject({
      origin: `http://localhost:${port}`,
      claim_url: expect.stringMatching(new RegExp(`^http://localhost:${port}/claim#[\\w-]{43}$`, 'u')),
      issuer: expect.stringMatching(/^did:key:z6Mk/),
      operator: expect.stringMatching(/^did:key:z6Mk/),
      operator_wallet: join(data, 'operator.wallet.age'),
      data,
      created: true,
      policy: { id: 'default' },
      port,
    })
    expect(document.issuer).not.toBe(document.operator)
    expect((await stat(data)).mode & 0o777).toBe(0o700)
    const answer = await fetch(`http://127.0.0.1:${port}/.well-known/behalf-authority`)
    expect(await answer.json()).toMatchObject({ issuer: document.issuer })

    const run = await serving.stop()
    expect(run.exit).toBe(0)
    expect(run.stderr).toContain('First start: new keys were made')
    expect(run.stderr).toContain(`issuer    ${String(document.issuer)}`)
    expect(run.stderr).toContain(`operator  ${String(document.operator)}`)
    expect(run.stderr).toContain('Keep the data folder and the passphrase')
    expect(run.stderr).toContain('Stopped.')
    await expect(fetch(`http://127.0.0.1:${port}/health`)).rejects.toThrow('fetch failed')
  })

  test('asks for the new passphrase twice, and an old one once', async () => {
    const data = join(await createFolder(), 'data')
    const argv = ['serve', '--data', data, '--port', String(await findFreePort())]
    const interruption = AbortSignal.abort()
    const first = await behalf(argv, { typed: ['new words', 'new words'], interruption })
    expect(first.exit).toBe(0)
    expect(first.stderr).toContain(`New passphrase for the authority in ${data}`)
    const second = await behalf(argv, { typed: ['new words'], interruption })
    expect(second.exit).toBe(0)
    expect(second.stderr).toContain(`Passphrase for the authority in ${data}`)
  })
})

describe('a later start', () => {
  test('is the same issuer and makes nothing new', async () => {
    const data = await createFolder()
    const keys = await createKeys(data, ENV.BEHALF_PASSPHRASE)
    const argv = ['--data', data, '--port', String(await findFreePort())]
    for (const _start of [1, 2]) {
      const serving = serve(argv)
      expect(await serving.started).toMatchObject({ issuer: keys.issuerDid, created: false })
      const run = await serving.stop()
      expect(run).toMatchObject({ exit: 0 })
      expect(run.stderr).not.toContain('First start')
    }
  })

  test('listens under the public origin it is given', async () => {
    const data = await createFolder()
    await createKeys(data, ENV.BEHALF_PASSPHRASE)
    const port = await findFreePort()
    const origin = 'https://authority.example'
    const serving = serve(['--data', data, '--port', String(port), '--origin', origin, '--host', '0.0.0.0'])
    expect(await serving.started).toMatchObject({ origin, host: '0.0.0.0' })
    expect((await serving.stop()).exit).toBe(0)
  })

  test('uses the policy it is given', async () => {
    const data = await createFolder()
    await createKeys(data, ENV.BEHALF_PASSPHRASE)
    const policy = join(data, 'mine.cedar')
    await writeFile(policy, PERMIT)
    const zone = ['--zone', 'Europe/Berlin']
    const serving = serve([
      '--data',
      data,
      '--port',
      String(await findFreePort()),
      '--policy',
      policy,
      ...zone,
    ])
    expect(await serving.started).toMatchObject({
      policy: { id: 'mine', digest: expect.stringMatching(/^sha-256:/) },
    })
    await serving.stop()
  })
})

describe('a start that cannot be says what to do', () => {
  test('on a port that is taken', async () => {
    const data = await createFolder()
    await createKeys(data, ENV.BEHALF_PASSPHRASE)
    const { port, close } = await openServer(createServer())
    const run = await refused(['--data', data, '--port', String(port)])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('address_in_use')
    expect(run.stderr).toContain(`another process listens on 127.0.0.1 port ${port}`)
    expect(run.stderr).toContain('--port')
    openDatabase(join(data, 'authority.db')).close()
    await close()
  })

  test('on an address this machine does not have', async () => {
    const data = await createFolder()
    await createKeys(data, ENV.BEHALF_PASSPHRASE)
    const origin = ['--origin', 'https://authority.example']
    const run = await refused(['--data', data, '--host', '192.0.2.1', ...origin])
    expect(codeOf(run)).toBe('address_unavailable')
  })

  test('in a folder that cannot be made', async () => {
    const folder = await createFolder()
    await writeFile(join(folder, 'file'), '')
    const run = await refused(['--data', join(folder, 'file', 'data')])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('folder_unwritable')
  })

  test('in a folder whose database cannot be opened', async () => {
    const data = await createFolder()
    await createKeys(data, ENV.BEHALF_PASSPHRASE)
    const run = await refused(['--data', data, '--policy', join(data, 'issuer.age')])
    expect(codeOf(run)).toBe('policy_invalid')
    await mkdir(join(data, 'authority.db'))
    expect(codeOf(await refused(['--data', data]))).toBe('folder_unwritable')
  })

  test('on data that another process has open', async () => {
    const data = await createFolder()
    await createKeys(data, ENV.BEHALF_PASSPHRASE)
    const database = openDatabase(join(data, 'authority.db'))
    const run = await refused(['--data', data, '--port', String(await findFreePort())])
    database.close()
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('database_in_use')
    expect(run.stderr).toContain('--data')
  })

  test('with a wrong passphrase', async () => {
    const data = await createFolder()
    await createKeys(data, 'other words')
    const run = await refused(['--data', data])
    expect(run.exit).toBe(1)
    expect(codeOf(run)).toBe('keystore_auth_failed')
    expect(documentOf(run)).toMatchObject({ error: { next: expect.stringContaining('were made with') } })
  })

  test('with keys that others may read', async () => {
    const data = await createFolder()
    await createKeys(data, ENV.BEHALF_PASSPHRASE)
    await chmod(join(data, 'issuer.age'), 0o644)
    expect(codeOf(await refused(['--data', data]))).toBe('keystore_insecure')
  })

  test('without a passphrase, and nothing is made', async () => {
    const folder = await createFolder()
    const run = await behalf(['serve', '--data', join(folder, 'data')])
    expect(run.exit).toBe(2)
    expect(run.stderr).toContain('BEHALF_PASSPHRASE_FILE')
    expect(await readdir(folder)).toEqual([])
  })

  test.each<{ name: string; argv: string[]; exit: number; code: string }>([
    {
      name: 'for the network without an origin',
      argv: ['--host', '0.0.0.0'],
      exit: 2,
      code: 'usage_invalid',
    },
    {
      name: 'under an origin with a path',
      argv: ['--origin', 'https://a.example/x'],
      exit: 1,
      code: 'input_invalid',
    },
    {
      name: 'under plain http elsewhere',
      argv: ['--origin', 'http://a.example'],
      exit: 1,
      code: 'input_invalid',
    },
    { name: 'on port 0', argv: ['--port', '0'], exit: 2, code: 'usage_invalid' },
    { name: 'on port 65536', argv: ['--port', '65536'], exit: 2, code: 'usage_invalid' },
    {
      name: 'with a policy file that is not there',
      argv: ['--policy', 'absent'],
      exit: 1,
      code: 'policy_invalid',
    },
  ])('$name', async ({ argv, exit, code }) => {
    const folder = await createFolder()
    const run = await refused(['--data', join(folder, 'data'), ...argv])
    expect(run.exit).toBe(exit)
    expect(codeOf(run)).toBe(code)
    expect(await readdir(folder)).toEqual([])
  })
})

const PERMIT = 'permit (principal, action == Action::"ask-one", resource);\n'

describe('a policy', () => {
  const read = (cwd: string, path?: string, zone?: string): ReturnType<typeof readPolicy> =>
    readPolicy(createTestIo({ cwd }).io, { path, zone })

  test('is by default that a person decides, save for what was enrolled', async () => {
    const policy = await read('/')
    expect(policy).toMatchObject({ id: 'default', zone: 'UTC' })
    expect(policy.rules.map(({ id }) => id)).toEqual(['ask'])
  })

  test('is the text of a file, named after it', async () => {
    const folder = await createFolder()
    await writeFile(join(folder, 'house.cedar'), PERMIT)
    const policy = await read(folder, 'house.cedar', 'Europe/Berlin')
    const files = [{ name: 'house.cedar', text: PERMIT }]
    expect(policy.document).toEqual({ id: 'house', zone: 'Europe/Berlin', files })
  })

  test('is every .cedar file of a folder, in the order of their names', async () => {
    const folder = await createFolder()
    await mkdir(join(folder, 'house'))
    for (const name of ['b.cedar', 'a.cedar', 'README.md'])
      await writeFile(join(folder, 'house', name), PERMIT)
    const policy = await read(folder, 'house')
    expect(policy.id).toBe('house')
    expect(policy.rules.map(({ id }) => id)).toEqual(['a.cedar:1', 'b.cedar:1'])
  })

  test.each([
    [
      'an effect nobody knows',
      `${PERMIT}permit (principal, action == Action::"ask", resource);`,
      'p.cedar:2:30: ',
    ],
    ['half a rule', 'permit (principal, action', 'p.cedar:1:26: '],
    [
      'an attribute nobody knows',
      'permit (principal, action, resource)\nwhen { resource.path == "/" };',
      'p.cedar:2:8: ',
    ],
    ['what it was before', '{"id":"p","rules":[],"default":"ask"}', 'p.cedar:1:1: '],
  ])('that is broken is refused with file, line and column: %s', async (_name, text, place) => {
    const folder = await createFolder()
    await writeFile(join(folder, 'p.cedar'), text)
    const error: unknown = await read(folder, 'p.cedar').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'policy_invalid', message: expect.stringContaining(place) })
  })

  test.each<[string, string | undefined, string]>([
    ['in no UTF-8', undefined, 'is not text in UTF-8'],
    ['in a zone that is none', 'Mars/Olympus', 'zone'],
  ])('is refused %s', async (_name, zone, message) => {
    const folder = await createFolder()
    await writeFile(join(folder, 'p.cedar'), zone === undefined ? Buffer.from([0xff]) : PERMIT)
    await expect(read(folder, 'p.cedar', zone)).rejects.toMatchObject({
      code: 'policy_invalid',
      message: expect.stringContaining(message),
    })
  })

  test('is refused from a folder without policies, and says what to do', async () => {
    const folder = await createFolder()
    await expect(read(folder, '.')).rejects.toMatchObject({
      code: 'policy_invalid',
      next: expect.stringContaining('docs/policies'),
    })
  })
})

describe('the company login', () => {
  const LOGIN = {
    issuer: 'https://login.test/',
    client_id: 'behalf',
    client_secret: 'secret',
    principal_claim: 'preferred_username',
    roles: { deciders: 'approver' },
  }
  const write = async (value: unknown): Promise<string> => {
    const path = join(await createFolder(), 'login.json')
    await writeFile(path, JSON.stringify(value))
    return path
  }

  test('is there when a file describes it', async () => {
    const port = await findFreePort()
    const data = await createFolder()
    const serving = serve(['--data', data, '--port', String(port), '--oidc-config', await write(LOGIN)])
    await serving.started
    const session: unknown = await (await fetch(`http://localhost:${port}/api/session`)).json()
    expect(session).toMatchObject({ login: ['passkey', 'oidc'] })
    await serving.stop()
  })

  test('approves only when that is asked for by its name, and says so', async () => {
    const port = await findFreePort()
    const argv = ['--data', await createFolder(), '--port', String(port), '--dangerously-let-login-approve']
    const serving = serve([...argv, '--oidc-config', await write(LOGIN)])
    expect(await serving.started).toMatchObject({ login_approves: true })
    await serving.stop()
    const run = await refused(argv)
    expect([run.exit, codeOf(run)]).toEqual([2, 'usage_invalid'])
  })

  test.each(['10.0.0.0/33', 'intranet', '10.0.0.1,'])(
    'takes notices to no address that is none: %s',
    async (list) => {
      const run = await refused(['--data', await createFolder(), '--notice-addresses', list])
      expect([run.exit, codeOf(run)]).toEqual([2, 'usage_invalid'])
    },
  )

  test.each([
    ['no JSON object', []],
    ['no member "secret"', { ...LOGIN, secret: 'x' }],
    ['issuer must be an address on https', { ...LOGIN, issuer: 'http://login.test' }],
    ['client_id must be a text', { ...LOGIN, client_id: 1 }],
    ['roles must be an object', { ...LOGIN, roles: ['approver'] }],
    ['must be one of approver', { ...LOGIN, roles: { deciders: 'root' } }],
  ])('is refused before anything is made: %s', async (why, value) => {
    const data = join(await createFolder(), 'new')
    const run = await refused(['--data', data, '--oidc-config', await write(value)])
    expect([run.exit, codeOf(run)]).toEqual([1, 'input_invalid'])
    expect(run.stderr + run.stdout).toContain(JSON.stringify(why).slice(1, -1))
    await expect(stat(data)).rejects.toThrow('ENOENT')
  })
})

describe('agents that prove where they run', () => {
  const write = async (document: unknown): Promise<string> => {
    const path = join(await createFolder(), 'workloads.json')
    await writeFile(path, JSON.stringify(document))
    return path
  }

  test('are taken at the word of the issuers in the file, and their policy sees it', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const [issuer, subject] = ['https://cluster.example', 'system:serviceaccount:prod:billing']
    const capability = {
      type: 'http',
      locations: ['https://api.example'],
      actions: ['GET'],
      paths: ['/issues/**'],
    }
    const workloads = await write({
      issuers: [
        {
          type: 'jwt',
          issuer,
          algorithms: ['ES256'],
          jwks: { keys: [{ ...(await exportJWK(publicKey)), kid: 'k' }] },
          binding: 'first-use',
          grants: [
            { id: 'g', subject, on_behalf_of: { id: 'alice' }, capabilities: [capability], max_seconds: 60 },
          ],
        },
      ],
    })
    const home = await createFolder()
    const policy = join(home, 'house.cedar')
    await writeFile(
      policy,
      `@id("ask") permit (principal, action == Action::"ask-one", resource);
@id("there") permit (principal, action == Action::"approve-enrolled", resource)
when { principal has workload && principal.workload.subject == "${subject}" };`,
    )
    const port = String(await findFreePort())
    const data = join(home, 'authority')
    const origin = `http://localhost:${port}`
    const serving = serve([
      '--data',
      data,
      '--port',
      port,
      '--workload-issuers',
      workloads,
      '--policy',
      policy,
    ])
    await serving.started
    const env = { ...ENV, BEHALF_HOME: home, BEHALF_AUTHORITY: origin }
    await createWalletFile(join(home, 'wallets', 'default.age'), ENV.BEHALF_PASSPHRASE)
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, sub: subject, aud: [origin], iat: now, exp: now + 300, jti: 'one' }
    const token = new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
    await writeFile(
      join(home, 'token'),
      await token.setProtectedHeader({ alg: 'ES256', kid: 'k' }).sign(privateKey),
    )
    const run = (argv: readonly string[]): Promise<CommandRun> =>
      behalf([...argv, '--json'], { env, cwd: home })
    // Signed calls are accepted a few seconds after the very first start.
    await expect
      .poll(async () => documentOf(await run(['enrol', '--workload-token', 'token'])), {
        interval: 200,
        timeout: 15_000,
      })
      .toMatchObject({ workload: { issuer, subject } })
    const allow = ['--allow', 'GET https://api.example/issues/7', '--minutes', '1']
    const asked = await run(['request', '--for', 'alice', '--purpose', 'p', ...allow])
    expect(documentOf(asked)).toMatchObject({ delegation: { approval: { method: 'enrolment' } } })
    const listed = documentOf(await run(['list', '--as-operator']))
    expect(listed).toMatchObject({
      active: [{ agent_workload: { type: 'jwt', issuer, subject, claims: {} } }],
    })
    expect((await serving.stop()).exit).toBe(0)
  }, 60_000)

  test.each<[string, unknown]>([
    ['no object', []],
    ['an issuer of another type', { issuers: [{ type: 'saml', issuer: 'x' }] }],
  ])('are not served with a file that has %s', async (_name, document) => {
    const data = join(await createFolder(), 'data')
    const run = await refused(['--data', data, '--workload-issuers', await write(document)])
    expect([run.exit, codeOf(run)]).toEqual([1, 'input_invalid'])
    expect(run.stderr).toContain('workload issuers in ')
  })
})
