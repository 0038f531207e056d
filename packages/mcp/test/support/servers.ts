import { McpServer as SessionServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'
import { type McpHandler, verifiedCaller } from '../../src/index.ts'
import { createSessionHandler } from '../../src/sessions.ts'
import type { StdioTransport } from '../../src/stdio.ts'

/** What a test sees of a server. */
export interface Served {
  readonly handler: McpHandler
  /** One line for each tool that ran. */
  readonly ran: string[]
  /** Resolves when the tool `wait` runs, with the signal it was given. */
  readonly waiting: Promise<AbortSignal>
  /** What the handler was shown, as it came. */
  readonly shown: Request[]
  /** Serves a transport in place of HTTP. */
  readonly open: (transport: StdioTransport) => Promise<void>
  description: string
}

/** The two generations of the official SDK. */
export const GENERATIONS = ['2.x', '1.x'] as const
export type Generation = (typeof GENERATIONS)[number]

/** A server with the tools `search_issues`, `close_issue`, `whoami` and `wait`, a resource and a prompt. */
export function serve(generation: Generation): Served {
  const waiting = Promise.withResolvers<AbortSignal>()
  const shown: Request[] = []
  const served: Served = {
    ran: [],
    waiting: waiting.promise,
    shown,
    description: 'Finds issues',
    handler: (request, options) => {
      shown.push(request.clone())
      return handler(request, options)
    },
    open: async (transport) => {
      if (generation === '2.x') serveStdio(() => createServer(served, waiting.resolve), { transport })
      else await createSessionServer(served, waiting.resolve).connect(transport)
    },
  }
  const handler =
    generation === '2.x'
      ? createMcpHandler(() => createServer(served, waiting.resolve)).fetch
      : createSessionHandler(() => createSessionServer(served, waiting.resolve))
  return served
}

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
const INFO = { name: 'issues', version: '1.0.0' }
const search = { project: z.string(), limit: z.number().optional() }

function createServer(served: Served, wait: (signal: AbortSignal) => void): McpServer {
  const server = new McpServer(INFO)
  server.registerTool(
    'search_issues',
    { description: served.description, inputSchema: z.object(search) },
    ({ project }) => {
      served.ran.push(`search ${project}`)
      return text(`issues of ${project}`)
    },
  )
  server.registerTool('close_issue', { description: 'Closes one' }, () => {
    served.ran.push('close')
    return text('closed')
  })
  server.registerTool('whoami', {}, (context) => text(describe(context)))
  server.registerTool('wait', {}, async (context) => {
    wait(context.mcpReq.signal)
    await aborted(context.mcpReq.signal)
    return text('late')
  })
  server.registerResource('issue', 'issue://ACME/7', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'seven' }],
  }))
  server.registerPrompt('triage', { argsSchema: z.object({ project: z.string() }) }, ({ project }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `triage ${project}` } }],
  }))
  return server
}

function createSessionServer(served: Served, wait: (signal: AbortSignal) => void): SessionServer {
  const server = new SessionServer(INFO)
  server.registerTool(
    'search_issues',
    { description: served.description, inputSchema: search },
    ({ project }) => {
      served.ran.push(`search ${project}`)
      return text(`issues of ${project}`)
    },
  )
  server.registerTool('close_issue', { description: 'Closes one' }, () => {
    served.ran.push('close')
    return text('closed')
  })
  server.registerTool('whoami', {}, (extra) => text(describe(extra)))
  server.registerTool('wait', {}, async (extra) => {
    wait(extra.signal)
    await aborted(extra.signal)
    return text('late')
  })
  server.registerResource('issue', 'issue://ACME/7', {}, (uri) => ({
    contents: [{ uri: uri.href, text: 'seven' }],
  }))
  server.registerPrompt('triage', { argsSchema: { project: z.string() } }, ({ project }) => ({
    messages: [{ role: 'user', content: { type: 'text', text: `triage ${project}` } }],
  }))
  return server
}

function describe(context: object): string {
  const { agent, principal } = verifiedCaller(context)
  return `${agent} for ${principal.id}`
}

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
