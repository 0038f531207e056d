import { createMcpClient } from '@behalf/mcp/client'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import type { McpServed } from '../support/mcp-endpoint.ts'
import {
  connectSession,
  connectSignedSession,
  openBareSessions,
  openProtectedSessions,
  pinsOfSessions,
} from '../support/session-tools.ts'
import { connect, openBareTools, openProtectedTools, pinsOfTools, TOOL } from '../support/tool-server.ts'
import type { World } from '../support/world.ts'
import type { BenchCase } from './closed-loop.ts'

/** Calls of one tool over HTTP with one generation of the SDK, bare and through ours. */
export interface McpPair {
  readonly sdk: '2.x' | '1.x'
  readonly bare: BenchCase
  readonly proven: BenchCase
}

/** What is measured, and what ends its clients and servers. */
export interface McpCases {
  readonly pairs: readonly McpPair[]
  readonly end: () => Promise<void>
}

/** What a case uses of a client. */
interface CallingClient {
  callTool(call: { readonly name: string; readonly arguments: Record<string, unknown> }): Promise<unknown>
  listTools(): Promise<unknown>
  close(): Promise<void>
}

/** How one generation is opened; both of its servers have the same tool. */
interface Generation {
  readonly sdk: McpPair['sdk']
  readonly openBare: () => Promise<McpServed>
  readonly openProtected: (world: World) => Promise<McpServed>
  readonly pins: () => Promise<Record<string, string>>
  readonly connect: (url: string) => Promise<CallingClient>
  readonly connectProven: (wallet: Wallet, url: string) => Promise<CallingClient>
}

const GENERATIONS: readonly Generation[] = [
  {
    sdk: '2.x',
    openBare: openBareTools,
    openProtected: openProtectedTools,
    pins: pinsOfTools,
    connect,
    connectProven: createMcpClient,
  },
  {
    sdk: '1.x',
    openBare: openBareSessions,
    openProtected: openProtectedSessions,
    pins: pinsOfSessions,
    connect: connectSession,
    connectProven: connectSignedSession,
  },
]
const CALL = { name: TOOL, arguments: { project: 'ACME' } }

/** All servers run in this process, as their clients do. */
export async function createMcpCases(world: World): Promise<McpCases> {
  const pairs: McpPair[] = []
  const ends: (() => Promise<void>)[] = []
  for (const generation of GENERATIONS) {
    const { pair, end } = await createPair(world, generation)
    pairs.push(pair)
    ends.push(end)
  }
  return {
    pairs,
    end: async () => {
      for (const end of ends) await end()
    },
  }
}

async function createPair(
  world: World,
  { sdk, openBare, openProtected, ...generation }: Generation,
): Promise<{ readonly pair: McpPair; readonly end: () => Promise<void> }> {
  const [bareServer, provenServer] = await Promise.all([openBare(), openProtected(world)])
  const wallet = await grant(world, provenServer.url, await generation.pins())
  const bare = await generation.connect(bareServer.url)
  const proven = await generation.connectProven(wallet, provenServer.url)
  // Both clients look at the definitions once.
  await Promise.all([bare.listTools(), proven.listTools()])
  return {
    pair: {
      sdk,
      bare: caseOf(`a tool call, bare SDK ${sdk}`, bare),
      proven: caseOf(`the same with SDK ${sdk}, signed and verified`, proven),
    },
    end: async () => {
      await Promise.all([bare.close(), proven.close()])
      await Promise.all([bareServer.end(), provenServer.end()])
    },
  }
}

function caseOf(name: string, client: CallingClient): BenchCase {
  const call = async (): Promise<void> => {
    const { content, isError } = (await client.callTool(CALL)) as { content?: unknown; isError?: unknown }
    if (isError === true || !Array.isArray(content) || content.length !== 1)
      throw new Error(`${name}: the tool was not called`)
  }
  return { name, prepare: async (count) => Array.from({ length: count }, () => call) }
}

/** A wallet that may call the tool at this endpoint. */
async function grant(world: World, url: string, tools: Record<string, string>): Promise<Wallet> {
  const wallet = createMemoryWallet()
  const asking = wallet.requestDelegation({
    authority: world.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Look for issues',
    capabilities: [{ type: 'mcp', locations: [url], actions: ['tools/call'], tools }],
  })
  await Promise.all([asking, world.approveNext()])
  return wallet
}
