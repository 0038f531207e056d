import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileWallet, type Wallet } from '@behalf/wallet'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { McpServed } from './support/mcp-endpoint.ts'
import { openProtectedTools, pinsOfTools, TOOL } from './support/tool-server.ts'
import { openWorld, type World, waitFor } from './support/world.ts'

const MAIN = join(import.meta.dirname, '..', 'apps', 'behalf', 'src', 'main.ts')
const PASSPHRASE = 'correct horse battery staple'

interface Proxied {
  readonly client: Client
  /** What the proxy said to people so far. */
  readonly said: () => string
}

describe('behalf mcp proxy, started by a client that knows nothing of it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'behalf-proxy-'))
  let world: World
  let server: McpServed
  let pins: Record<string, string>
  const opened: Client[] = []

  beforeAll(async () => {
    world = await openWorld()
    server = await openProtectedTools(world)
    pins = await pinsOfTools()
  }, 60_000)
  afterAll(async () => {
    for (const client of opened) await client.close()
    await server.end()
    await world.end()
    rmSync(folder, { recursive: true })
  })

  const makeWallet = (name: string): Promise<Wallet> =>
    createFileWallet(join(folder, `${name}.age`), { passphrase: PASSPHRASE })

  /** Asks for the tool as it is defined, or as it is not. */
  async function grant(wallet: Wallet, tools = pins): Promise<string> {
    const asking = wallet.requestDelegation({
      authority: world.authority,
      onBehalfOf: { id: 'alice' },
      purpose: 'Look for issues',
      capabilities: [{ type: 'mcp', locations: [server.url], actions: ['tools/call'], tools }],
    })
    const [{ id }] = await Promise.all([asking, world.approveNext()])
    return id
  }

  async function open(name: string, ...more: readonly string[]): Promise<Proxied> {
    const transport = new StdioClientTransport({
      command: process.execPath,
      args: [
        '--disable-warning=ExperimentalWarning',
        '--conditions=behalf-source',
        MAIN,
        'mcp',
        'proxy',
        server.url,
        '--wallet-file',
        join(folder, `${name}.age`),
        ...more,
      ],
      env: { BEHALF_PASSPHRASE: PASSPHRASE, BEHALF_AUTHORITY: world.authority, BEHALF_HOME: folder },
      stderr: 'pipe',
    })
    let said = ''
    transport.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
    })
    const client = new Client({ name: 'unmodified', version: '1.0.0' })
    opened.push(client)
    await client.connect(transport)
    return { client, said: () => said }
  }

  const search = (client: Client, project = 'ACME') => client.callTool({ name: TOOL, arguments: { project } })
  const refusalOf = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      () => undefined,
      (error: unknown) => error,
    )

  test('its calls are signed, and refused with a code once the delegation is revoked', async () => {
    const wallet = await makeWallet('agent')
    const delegation = await grant(wallet)
    const { client, said } = await open('agent')
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual([TOOL])
    expect(await search(client)).toMatchObject({ content: [{ text: 'issues of ACME' }] })
    await world.operator.authority(world.authority).revoke({ delegation })
    const refusal = await waitFor(() => refusalOf(search(client)))
    expect(refusal).toMatchObject({
      message: expect.stringContaining('credential_revoked'),
      data: { code: 'credential_revoked', next: expect.any(String) },
    })
    expect(said()).toContain('credential_revoked')
  }, 60_000)

  test('a tool that is not defined as it was approved is not called', async () => {
    await grant(await makeWallet('pinned'), { [TOOL]: `sha-256:${'A'.repeat(43)}` })
    const { client } = await open('pinned')
    expect(await refusalOf(search(client))).toMatchObject({ data: { code: 'tool_definition_changed' } })
  }, 60_000)

  test('without any delegation nothing is sent, and the client is told why', async () => {
    await makeWallet('empty')
    expect(await refusalOf(open('empty'))).toMatchObject({
      message: expect.stringContaining('credential_missing'),
    })
  }, 60_000)

  test('asks for what is lacking where it is told for whom and what for', async () => {
    await makeWallet('asking')
    const opening = open('asking', '--for', 'alice', '--purpose', 'Look for issues')
    await world.approveNext()
    const { client, said } = await opening
    expect(said()).toContain('A person can approve it at ')
    await client.listTools()
    const [found] = await Promise.all([search(client), world.approveNext()])
    expect(found).toMatchObject({ content: [{ text: 'issues of ACME' }] })
  }, 60_000)
})
