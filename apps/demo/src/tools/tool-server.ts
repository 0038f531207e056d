import { verifiedCaller } from '@behalf/mcp'
import type { AgentContext, Wallet } from '@behalf/wallet'
import { Client, InMemoryTransport } from '@modelcontextprotocol/client'
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

/** What the tools work with. */
export interface ToolSurroundings {
  /** Of this server: it calls the tracker with a key of its own. */
  readonly wallet: Pick<Wallet, 'fetch' | 'receive'>
  /** Origin of the issue tracker. */
  readonly tracker: string
}

/** Where a caller puts the chain that it delegates to this server for one call, and signs it with the call. */
export const DELEGATION_META = 'behalf.dev/delegation'

/** Where it tells which request it made for the call, for whoever wants to trace it. */
export const REQUEST_META = 'behalf.dev/request'

type ToolResult = {
  content: { type: 'text'; text: string }[]
  isError?: boolean
  _meta?: { [REQUEST_META]: string | null }
}

/**
 * An MCP server over the issue tracker. It has no rights of its own there: for each call its caller passes it a
 * delegation, and it calls the tracker with its own key under that one and no other.
 */
export function createToolServer({ wallet, tracker }: ToolSurroundings): McpServer {
  const server = new McpServer({ name: 'issues', version: '1.0.0' })
  const tool = {
    description: 'Lists the issues of a project',
    inputSchema: z.object({ project: z.string() }),
  }
  server.registerTool('list_issues', tool, async ({ project }, context): Promise<ToolResult> => {
    const { agent, context: said } = verifiedCaller(context)
    const held = await wallet.receive(readChain(context.mcpReq._meta?.[DELEGATION_META]))
    // Else whoever got hold of a delegation to this server could have it work for him.
    if (held.links.at(-2)?.subject !== agent) return failure('the delegation is not from who calls')
    const answer = await wallet.fetch(`${tracker}/projects/${encodeURIComponent(project)}/issues`, {
      delegation: held.id,
      // Its own word for what it does, and the caller's for the model behind it and the call that it is part of.
      context: { tool: 'list_issues', ...passOn(said) },
      signal: context.mcpReq.signal,
    })
    const text = await answer.text()
    if (!answer.ok) return failure(text)
    return { content: [{ type: 'text', text }], _meta: { [REQUEST_META]: answer.headers.get('request-id') } }
  })
  return server
}

/** What `tools/list` says of them: somebody has to know it before he can approve them. */
export async function describeTools(server: McpServer): Promise<readonly object[]> {
  const [here, there] = InMemoryTransport.createLinkedPair()
  const client = new Client({ name: 'about', version: '1.0.0' })
  await Promise.all([server.connect(there), client.connect(here)])
  const { tools } = await client.listTools()
  await client.close()
  return tools
}

function readChain(value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((link) => typeof link === 'string')) return value
  throw new TypeError('a call brings a delegation to this server')
}

function passOn({ model, call }: AgentContext = {}): AgentContext {
  return { ...(model !== undefined && { model }), ...(call !== undefined && { call }) }
}

function failure(text: string): ToolResult {
  return { content: [{ type: 'text', text }], isError: true }
}
