import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { JsonObject } from '@behalf/core'
import { digestToolDefinition } from '@behalf/mcp'
import { createFileWallet, createMemoryWallet, type Wallet } from '@behalf/wallet'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as SessionStdioTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Child, startChild } from './support/child.ts'
import { freePort } from './support/free-port.ts'
import { oldVerifierFile } from './support/old-verifier-file.ts'
import { openWorld, type World } from './support/world.ts'

const ROOT = join(import.meta.dirname, '..')
const MAIN = join(ROOT, 'apps', 'behalf', 'src', 'main.ts')
const SERVERS = join(ROOT, 'packages', 'mcp', 'test', 'support')
const STDIO = join(SERVERS, 'stdio-server.ts')
const PASSPHRASE = 'correct horse battery staple'
const GENERATIONS = ['2.x', '1.x'] as const
type Generation = (typeof GENERATIONS)[number]
const TOOLS = ['search_issues', 'meta', 'wait', 'crash']

interface Front extends Child {
  /** What says on the console what the server says. */
  readonly server: Child
  readonly url: string
  readonly document: Record<string, unknown>
}

const folder = mkdtempSync(join(tmpdir(), 'behalf-protect-'))
const children: Child[] = []
const clients: (Client | SessionClient)[] = []
let world: World

beforeAll(async () => {
  world = await openWorld()
}, 60_000)
afterAll(async () => {
  for (const client of clients) await client.close().catch(() => undefined)
  await Promise.all(children.map((child) => child.end()))
  await world.end()
  rmSync(folder, { recursive: true })
})

/** Starts `behalf mcp protect` in front of a server that is started as the kind says. */
async function openFront(kind: string, generation: Generation, more: readonly string[] = []): Promise<Front> {
  const port = await freePort()
  const data = join(folder, `data-${port}`)
  mkdirSync(data, { mode: 0o700 })
  oldVerifierFile(join(data, 'verifier.db'))
  const upstream = kind === 'a program' ? undefined : await openUpstream(generation)
  const behind = upstream ? ['--upstream', upstream.url] : ['--', process.execPath, STDIO, generation]
  const front = startChild(
    MAIN,
    [
      'mcp',
      'protect',
      '--issuer',
      world.issuer,
      '--port',
      String(port),
      '--data',
      data,
      '--json',
      ...more,
      ...behind,
    ],
    { BEHALF_AUTHORITY: world.authority, BEHALF_PASSPHRASE: 'not for others', SERVER_SETTING: 'for it' },
  )
  children.push(front)
  await front.says(/^\}$/mu)
  const document = JSON.parse(/^\{.*^\}$/msu.exec(front.said())?.[0] ?? '') as Record<string, unknown>
  return { ...front, server: upstream ?? front, url: `http://127.0.0.1:${port}/mcp`, document }
}

async function openUpstream(generation: Generation): Promise<Child & { readonly url: string }> {
  const port = await freePort()
  const server = startChild(join(SERVERS, 'http-server.ts'), [generation, String(port)])
  children.push(server)
  await server.says('listening')
  return { ...server, url: `http://127.0.0.1:${port}/mcp` }
}

/** The digests of the tools, as the server tells of them to whoever starts it. */
async function pinsOf(generation: Generation): Promise<Record<string, string>> {
  const client = new SessionClient({ name: 'reader', version: '1.0.0' })
  await client.connect(new SessionStdioTransport({ command: process.execPath, args: [STDIO, generation] }))
  const { tools } = await client.listTools()
  await client.close()
  const definitions = JSON.parse(JSON.stringify(tools)) as readonly ({ readonly name: string } & JsonObject)[]
  return Object.fromEntries(definitions.map((tool) => [tool.name, digestToolDefinition(tool)]))
}

/** Has the agent call the tools at this front, and returns the id of its delegation. */
async function grant(
  wallet: Wallet,
  url: string,
  pins: Record<string, string>,
  names: readonly string[] = TOOLS,
): Promise<string> {
  const tools = Object.fromEntries(names.map((name) => [name, pins[name] ?? '']))
  const asking = wallet.requestDelegation({
    authority: world.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Look for issues',
    capabilities: [{ type: 'mcp', locations: [url], actions: ['tools/call'], tools }],
  })
  const [{ id }] = await Promise.all([asking, world.approveNext()])
  return id
}

const revoke = (delegation: string): Promise<unknown> =>
  world.operator.authority(world.authority).revoke({ delegation })

/** A client of the bare SDK, whose requests the wallet signs. */
async function connect(generation: Generation, wallet: Wallet, url: string): Promise<Client | SessionClient> {
  const fetch = (input: string | URL, init?: RequestInit): Promise<Response> =>
    wallet.fetch(String(input), init)
  const info = { name: 'bare', version: '1.0.0' }
  const client =
    generation === '2.x'
      ? new Client(info, { versionNegotiation: { mode: 'auto' } })
      : new SessionClient(info)
  clients.push(client)
  if (client instanceof Client)
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { fetch }))
  else {
    const transport = new SessionTransport(new URL(url), { fetch })
    await client.connect(transport as Parameters<typeof client.connect>[0])
  }
  return client
}

/** What became of a call: the text of its answer, or what is said of its refusal. */
async function outcomeOf(call: Promise<unknown>): Promise<string> {
  return await call.then(
    (answer) => (answer as { content: [{ text: string }] }).content[0].text,
    (error: unknown) => `refused: ${String(error)}`,
  )
}

const search = (client: Client | SessionClient, project: string): Promise<string> =>
  outcomeOf(client.callTool({ name: 'search_issues', arguments: { project } }))

describe.each(['a program', 'an endpoint elsewhere'])('behalf mcp protect, in front of %s', (kind) => {
  describe.each(GENERATIONS)('on the SDK %s', (generation) => {
    let front: Front
    let pins: Record<string, string>
    beforeAll(async () => {
      pins = await pinsOf(generation)
      front = await openFront(kind, generation)
    }, 60_000)

    async function openAgent(client: Generation = generation) {
      const wallet = createMemoryWallet()
      const delegation = await grant(wallet, front.url, pins)
      return { wallet, delegation, client: await connect(client, wallet, front.url) }
    }

    test.each(GENERATIONS)(
      'lets a client on the SDK %s do what was approved, and no more',
      async (of) => {
        const { client, wallet } = await openAgent(of)
        expect(await search(client, 'ACME')).toBe('issues of ACME')
        expect(JSON.parse(await outcomeOf(client.callTool({ name: 'meta' })))).toMatchObject({
          'behalf/caller': { agent: wallet.did, principal: { id: 'alice', issuer: world.issuer } },
        })
        expect(await outcomeOf(client.callTool({ name: 'environment' }))).toMatch(
          /^refused: .*scope_exceeded/su,
        )
      },
      60_000,
    )

    test('answers two agents at once, each their own', async () => {
      const [a, b] = [await openAgent(), await openAgent()]
      const asked = [
        search(a.client, 'slow'),
        search(b.client, 'ACME'),
        search(a.client, 'BETA'),
        search(b.client, 'slow'),
      ]
      const found = ['slow', 'ACME', 'BETA', 'slow'].map((project) => `issues of ${project}`)
      expect(await Promise.all(asked)).toEqual(found)
    }, 60_000)

    test('ends a call whose chain is revoked, and refuses every other one of it', async () => {
      const [a, b] = [await openAgent(), await openAgent()]
      const waiting = outcomeOf(a.client.callTool({ name: 'wait' }))
      await front.server.says('the tool waits')
      await revoke(a.delegation)
      expect(await waiting).toMatch(/^refused: /u)
      expect(await search(a.client, 'ACME')).toMatch(/^refused: .*(credential_revoked|not_found)/su)
      expect(await search(b.client, 'ACME')).toBe('issues of ACME')
    }, 60_000)

    test('answers with a code when the server ends', async () => {
      const { client } = await openAgent()
      expect(await outcomeOf(client.callTool({ name: 'crash' }))).toMatch(
        /^refused: .*mcp_server_unavailable/su,
      )
    }, 60_000)
  })
})

describe('behalf mcp protect', () => {
  test.each(GENERATIONS)(
    'and behalf mcp proxy stand between a client and a server on the SDK %s that know of neither',
    async (generation) => {
      const front = await openFront('a program', generation)
      const file = join(folder, `proxied-${generation}.age`)
      const wallet = await createFileWallet(file, { passphrase: PASSPHRASE })
      const delegation = await grant(wallet, front.url, await pinsOf(generation))
      const parameters = {
        command: process.execPath,
        args: ['--conditions=behalf-source', MAIN, 'mcp', 'proxy', front.url, '--wallet-file', file],
        env: { BEHALF_PASSPHRASE: PASSPHRASE, BEHALF_HOME: folder, NODE_NO_WARNINGS: '1' },
        stderr: 'ignore' as const,
      }
      const info = { name: 'unmodified', version: '1.0.0' }
      const client = generation === '2.x' ? new Client(info) : new SessionClient(info)
      clients.push(client)
      if (client instanceof Client) await client.connect(new StdioClientTransport(parameters))
      else await client.connect(new SessionStdioTransport(parameters))
      expect(await search(client, 'ACME')).toBe('issues of ACME')
      expect(await outcomeOf(client.callTool({ name: 'environment' }))).toContain('credential_missing')
      await revoke(delegation)
      const refusal = expect.stringMatching(/credential_revoked|not_found/u)
      await expect.poll(() => search(client, 'ACME'), { timeout: 20_000 }).toEqual(refusal)
    },
    60_000,
  )

  test('says what it is, shows its program nothing of its own, and ends it when it ends', async () => {
    const front = await openFront('a program', '2.x', [
      '--metrics',
      `127.0.0.1:${await freePort()}`,
      '--tokens',
    ])
    const { metrics } = front.document as { metrics: { port: number } }
    expect(front.document).toMatchObject({
      url: front.url,
      server: { command: process.execPath, args: [STDIO, '2.x'] },
      issuer: world.issuer,
      authority: world.authority,
      tokens: true,
    })
    const ready = await fetch(new URL('/ready', front.url))
    expect([ready.status, await ready.json()]).toEqual([200, { ready: true, status: true, replay: true }])
    const metadata = await fetch(new URL('/.well-known/oauth-protected-resource/mcp', front.url))
    expect(await metadata.json()).toMatchObject({
      resource: front.url,
      authorization_servers: [world.authority],
      dpop_bound_access_tokens_required: true,
    })
    const refused = await fetch(front.url, { method: 'POST', body: '{}' })
    expect([refused.status, refused.headers.get('request-id')]).toEqual([401, expect.any(String)])
    const measured = await (await fetch(`http://127.0.0.1:${metrics.port}/metrics`)).text()
    expect(measured).toMatch(
      /^behalf_verifier_decisions_total\{decision="refused",code="signature_missing"\} 1$/mu,
    )
    const wallet = createMemoryWallet()
    await grant(wallet, front.url, await pinsOf('2.x'), ['environment'])
    const client = await connect('2.x', wallet, front.url)
    const names = (await outcomeOf(client.callTool({ name: 'environment' }))).split(' ')
    expect(names).toContain('SERVER_SETTING')
    expect(names.filter((name) => name.startsWith('BEHALF'))).toEqual([])
    await front.end()
    expect(front.process.exitCode).toBe(0)
    expect(front.said()).toContain('[server] the server ended: it was told to')
    expect(front.said()).toContain('Stopped.')
  }, 60_000)

  test('has each call in the log of the authority before it is made, where that is asked for', async () => {
    const front = await openFront('a program', '1.x', ['--record-before-act'])
    const wallet = createMemoryWallet()
    const delegation = await grant(wallet, front.url, await pinsOf('1.x'))
    const call = async (): Promise<string> => search(await connect('1.x', wallet, front.url), 'ACME')
    // Nobody admitted its reports yet.
    expect(await call().catch(String)).toContain('audit_unavailable')
    const authority = world.operator.authority(world.authority)
    const { reporter = '' } = front.document as { reporter?: string }
    await authority.registerApi({ did: reporter, origins: [new URL(front.url).origin] })
    await expect.poll(() => call().catch(String), { timeout: 30_000, interval: 500 }).toBe('issues of ACME')
    const entries = await authority.listLogEntries({ about: `delegation:${delegation}` })
    const called = entries.map(({ record }) => JSON.parse(record) as Record<string, unknown>)
    expect(called.filter(({ type }) => type === 'tool_called')).toMatchObject([
      { code: 'ok', subject: wallet.did },
    ])
    // Whoever revokes is told of it by the name under which it reports.
    const { sequence } = await authority.revoke({ delegation })
    await expect
      .poll(async () => (await authority.countConfirmations(sequence)).apis, { timeout: 10_000 })
      .toContainEqual(expect.objectContaining({ did: reporter, connected: 1, confirmed: 1 }))
  }, 60_000)
})
