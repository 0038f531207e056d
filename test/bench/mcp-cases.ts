import { createMcpClient } from '@behalf/mcp/client'
import { createMemoryWallet } from '@behalf/wallet'
import type { Client } from '@modelcontextprotocol/client'
import { connect, openBareTools, openProtectedTools, pinsOfTools, TOOL } from '../support/tool-server.ts'
import type { World } from '../support/world.ts'
import type { BenchCase } from './closed-loop.ts'

/** Calls of one tool over HTTP, by the bare SDK and through ours, and what ends their clients and servers. */
export interface McpCases {
  readonly cases: readonly [bare: BenchCase, proven: BenchCase]
  readonly end: () => Promise<void>
}

const CALL = { name: TOOL, arguments: { project: 'ACME' } }

/** Both servers have the same tool, are of the SDK 2.x, and run in this process, as their clients do. */
export async function createMcpCases(world: World): Promise<McpCases> {
  const [bareServer, provenServer] = await Promise.all([openBareTools(), openProtectedTools(world)])
  const [bare, proven] = [await connect(bareServer.url), await connectProven(world, provenServer.url)]
  // Both clients look at the definitions once.
  await Promise.all([bare.listTools(), proven.listTools()])
  return {
    cases: [caseOf('a tool call, bare SDK', bare), caseOf('the same, signed and verified', proven)],
    end: async () => {
      await Promise.all([bare.close(), proven.close()])
      await Promise.all([bareServer.end(), provenServer.end()])
    },
  }
}

function caseOf(name: string, client: Client): BenchCase {
  const call = async (): Promise<void> => {
    const { content, isError } = await client.callTool(CALL)
    if (isError === true || content.length !== 1) throw new Error(`${name}: the tool was not called`)
  }
  return { name, prepare: async (count) => Array.from({ length: count }, () => call) }
}

async function connectProven(world: World, url: string): Promise<Client> {
  const wallet = createMemoryWallet()
  const asking = wallet.requestDelegation({
    authority: world.authority,
    onBehalfOf: { id: 'alice' },
    purpose: 'Look for issues',
    capabilities: [{ type: 'mcp', locations: [url], actions: ['tools/call'], tools: await pinsOfTools() }],
  })
  await Promise.all([asking, world.approveNext()])
  return await createMcpClient(wallet, url)
}
