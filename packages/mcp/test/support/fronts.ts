import { join } from 'node:path'
import type { McpCapability } from '@behalf/credential'
import type { Wallet } from '@behalf/wallet'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { Client as SessionClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as SessionTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { createStdioHandler, type StdioHandler, type StdioHandlerOptions } from '../../src/front.ts'
import { codeOfAnswer } from './messages.ts'
import type { Generation } from './servers.ts'
import { MCP_URL, makeWorld, type World } from './world.ts'

const PIN = `sha-256:${'A'.repeat(43)}`
const VERSION = '2026-07-28'

/** Lets an agent call any tool of the servers here, but one that is called `forbidden`. */
export const TOOLS: McpCapability = {
  type: 'mcp',
  locations: [MCP_URL],
  actions: ['tools/call', 'subscriptions/listen'],
  tools: Object.fromEntries(
    [
      'search_issues meta environment crash crash_late wait report ask flood',
      'silent answer chatter question subscribe noise pour deaf close',
    ]
      .join(' ')
      .split(' ')
      .map((name) => [name, PIN]),
  ),
}

/** A world whose endpoint stands in front of a program. */
export interface Front {
  readonly world: World
  readonly stdio: StdioHandler
  /** What was said of the programs and by them, so far. */
  readonly notes: readonly string[]
  /** Resolves with the first note that matches, whether it was said already or is said later. */
  noted(pattern: RegExp): Promise<string>
  /** An agent that may call the tools, and the index of its delegation. */
  agent(byte: number): Promise<{ readonly wallet: Wallet; readonly index: number }>
}

/** Opens a front for a program in this folder; its process has an environment of one variable. */
export async function openFront(
  args: readonly string[],
  options: Partial<StdioHandlerOptions> & { readonly maxSessions?: number } = {},
): Promise<Front> {
  const notes: string[] = []
  const listeners = new Set<() => void>()
  const { maxSessions, ...more } = options
  const stdio = createStdioHandler({
    command: process.execPath,
    args: args.map((word) => (word.endsWith('.ts') ? join(import.meta.dirname, word) : word)),
    env: { GIVEN: 'yes' },
    onNote: (note) => {
      notes.push(note)
      for (const listener of listeners) listener()
    },
    ...more,
  })
  const world = await makeWorld({
    handler: stdio.handler,
    ...(maxSessions !== undefined && { maxSessions }),
  })
  return {
    world,
    stdio,
    notes,
    noted: (pattern) =>
      new Promise((resolve) => {
        const look = (): void => {
          const found = notes.find((note) => pattern.test(note))
          if (found === undefined) return
          listeners.delete(look)
          resolve(found)
        }
        listeners.add(look)
        look()
      }),
    agent: async (byte) => {
      const wallet = world.wallet(byte)
      return { wallet, index: await world.grant(wallet, [TOOLS]) }
    },
  }
}

/** A program on one SDK. */
export const serverOf = (generation: Generation): readonly string[] => ['stdio-server.ts', generation]
/** A program on none. */
export const rawServer = (...how: readonly string[]): readonly string[] => ['raw-server.ts', ...how]

let ids = 1000

/** The call of a tool in MCP 2026-07-28, which stands on its own. */
export function callAlone(
  name: string,
  options: { id?: number | string; values?: object; meta?: object } = {},
): string {
  ids += 1
  const { id = ids, values = {}, meta = {} } = options
  return JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: values, _meta: { ...envelope(), ...meta } },
  })
}

/** What says with each message which version it is of, and who it is from. */
export const envelope = (): Record<string, unknown> => ({
  'io.modelcontextprotocol/protocolVersion': VERSION,
  'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
})

/** Headers that go with it. */
export const aloneHeaders = (name: string): Record<string, string> => ({
  'mcp-protocol-version': VERSION,
  'mcp-method': 'tools/call',
  'mcp-name': name,
})

/** A client of the bare SDK, whose requests the wallet signs. */
export async function connectBare(generation: Generation, wallet: Wallet): Promise<Client | SessionClient> {
  const fetch = (url: string | URL, init?: RequestInit): Promise<Response> => wallet.fetch(String(url), init)
  if (generation === '2.x') {
    const client = new Client({ name: 'bare', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } })
    await client.connect(new StreamableHTTPClientTransport(new URL(MCP_URL), { fetch }))
    return client
  }
  const client = new SessionClient({ name: 'bare', version: '1.0.0' }, { capabilities: { sampling: {} } })
  const transport = new SessionTransport(new URL(MCP_URL), { fetch })
  await client.connect(transport as Parameters<typeof client.connect>[0])
  return client
}

/** What became of an answer: the code of a refusal, wherever it came; `ok` without one. */
export async function outcomeOf(answer: Promise<Response>): Promise<string> {
  return await codeOfAnswer(answer).catch((error: unknown) =>
    error instanceof Error && 'code' in error ? String(error.code) : 'cut off',
  )
}

/** The messages of an answer, whichever way they came. */
export async function messagesOf(answer: Response): Promise<readonly Record<string, unknown>[]> {
  const text = await answer.text()
  if (answer.headers.get('content-type')?.startsWith('application/json') === true) return [JSON.parse(text)]
  return [...text.matchAll(/^data: (.+)$/gmu)].map(([, data = '']) => JSON.parse(data))
}
