import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { McpCapability } from '@behalf/credential'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { afterEach, describe, expect, test } from 'vitest'
import { createStdioClient } from '../src/client.ts'
import { digestToolDefinition } from '../src/index.ts'
import { createStdioTransport } from '../src/stdio.ts'
import type { TestClient } from './support/clients.ts'
import { GENERATIONS, type Generation } from './support/servers.ts'
import { AUDIENCE, codeOfMessage, proveLine, readMessages } from './support/stdio.ts'
import { codeOf, makeSurroundings } from './support/world.ts'

const SERVER = fileURLToPath(new URL('support/proven-server.ts', import.meta.url))
const mcp = (changes: Partial<McpCapability> = {}): McpCapability => ({
  type: 'mcp',
  locations: [AUDIENCE],
  actions: ['tools/call', 'tools/list'],
  ...changes,
})
const opened: TestClient[] = []

afterEach(async () => {
  for (const client of opened.splice(0)) await client.close()
})

async function setUp(generation: Generation) {
  const { grant, clock } = await makeSurroundings()
  const wallet = createMemoryWallet({ seed: new Uint8Array(32).fill(10), clock })
  const parameters = {
    command: process.execPath,
    args: ['--conditions=behalf-source', SERVER, generation, AUDIENCE],
    stderr: 'pipe' as const,
  }
  return { grant: (capability: McpCapability) => grant(wallet, [capability]), wallet, clock, parameters }
}

/** A client of that generation, with a server in a process of its own. */
async function open(
  client: Generation,
  server: Awaited<ReturnType<typeof setUp>>,
  from: Wallet = server.wallet,
) {
  const { parameters, clock } = server
  const process_ = client === '2.x' ? new StdioClientTransport(parameters) : new SessionTransport(parameters)
  const connected = await connect(client, process_, from, clock)
  opened.push(connected)
  return { client: connected, pid: process_.pid ?? 0, stderr: process_.stderr as Readable }
}

async function connect(
  generation: Generation,
  inner: StdioClientTransport | SessionTransport,
  wallet: Wallet,
  clock: () => number,
): Promise<TestClient> {
  if (generation === '2.x')
    return await createStdioClient(wallet, AUDIENCE, inner as StdioClientTransport, { clock })
  const client = new SessionClient({ name: 'test', version: '1.0.0' })
  await client.connect(createStdioTransport(wallet, AUDIENCE, inner as SessionTransport, { clock }))
  return client
}

describe.each(GENERATIONS)('a server of %s in a process of its own', (generation) => {
  test.each(GENERATIONS)('is used by a client of %s as far as it may, and no further', async (client) => {
    const server = await setUp(generation)
    await server.grant(mcp())
    const first = await open(client, server)
    const { tools } = await first.client.listTools()
    const pins = Object.fromEntries(
      (JSON.parse(JSON.stringify(tools)) as { name: string }[]).map((tool) => [
        tool.name,
        digestToolDefinition({ ...tool }),
      ]),
    )
    await server.grant(mcp({ tools: { whoami: pins['whoami'] ?? '', wait: pins['wait'] ?? '' } }))
    expect(await first.client.callTool({ name: 'whoami' })).toMatchObject({
      content: [{ text: `${server.wallet.did} for person-7` }],
    })
    expect(await codeOf(first.client.callTool({ name: 'close_issue' }))).toBe('credential_missing')
    const waiting = once(first.stderr, 'data')
    const outcome = codeOf(first.client.callTool({ name: 'wait' }))
    await waiting
    process.kill(first.pid, 'SIGUSR2')
    expect(await outcome).toBe('credential_revoked')
    expect(await codeOf(first.client.listTools())).toBe('credential_revoked')
  })
})

test.each(GENERATIONS)('a server of %s takes a line once, and ends with its input', async (generation) => {
  const server = await setUp(generation)
  await server.grant(mcp())
  const { command, args } = server.parameters
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const next = readMessages({ fromServer: child.stdout })
  const line = await proveLine(server.wallet, { id: 1 })
  child.stdin.write(line)
  expect(await next()).toMatchObject({ id: 1, result: {} })
  child.stdin.write(line)
  expect(codeOfMessage(await next())).toBe('nonce_replayed')
  const exit = once(child, 'exit')
  child.stdin.end()
  expect(await exit).toEqual([0, null])
})

test('a client that proves nothing is told so', async () => {
  const server = await setUp('1.x')
  const client = new SessionClient({ name: 'test', version: '1.0.0' })
  const outcome = await client
    .connect(new SessionTransport(server.parameters))
    .catch((error: unknown) => error)
  expect(outcome).toMatchObject({ code: -32_000, data: { code: 'signature_missing' } })
  await client.close()
})
