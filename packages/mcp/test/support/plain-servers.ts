import { McpServer as SessionServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

const INFO = { name: 'issues', version: '1.0.0' }
const CAPABILITIES = { capabilities: { tools: { listChanged: true }, logging: {} } }
const search = { project: z.string() }
const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })
const tell = (meta: unknown) => text(JSON.stringify(meta ?? null))
const say = (words: string): void => void process.stderr.write(`${words}\n`)

function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  signal.addEventListener(
    'abort',
    () => {
      say('the tool was told to end')
      resolve()
    },
    { once: true },
  )
  say('the tool waits')
  return promise
}

/** A server on the SDK 2.x that knows nothing of delegations. */
export function createServer(): McpServer {
  const server = new McpServer(INFO, CAPABILITIES)
  server.registerTool('search_issues', { inputSchema: z.object(search) }, async ({ project }) => {
    // The first to ask is the last to be answered.
    if (project === 'slow') await new Promise((resolve) => setTimeout(resolve, 50))
    return text(`issues of ${project}`)
  })
  server.registerTool('meta', {}, (context) => tell(context.mcpReq._meta))
  server.registerTool('environment', {}, () => text(Object.keys(process.env).join(' ')))
  server.registerTool('crash', {}, () => process.exit(7))
  server.registerTool('crash_late', {}, async (context) => {
    await progress(
      (params) => context.mcpReq.notify({ method: 'notifications/progress', params }),
      context.mcpReq._meta,
    )
    return process.exit(7)
  })
  server.registerTool('wait', {}, async (context) => {
    await untilAborted(context.mcpReq.signal)
    return text('late')
  })
  server.registerTool('report', {}, async (context) => {
    await progress(
      (params) => context.mcpReq.notify({ method: 'notifications/progress', params }),
      context.mcpReq._meta,
    )
    return text('reported')
  })
  server.registerTool('flood', {}, () => text('x'.repeat(300_000)))
  return server
}

/** The same on the SDK 1.x. */
export function createSessionServer(): SessionServer {
  const server = new SessionServer(INFO, CAPABILITIES)
  server.registerTool('search_issues', { inputSchema: search }, async ({ project }) => {
    if (project === 'slow') await new Promise((resolve) => setTimeout(resolve, 50))
    return text(`issues of ${project}`)
  })
  server.registerTool('meta', {}, (extra) => tell(extra._meta))
  server.registerTool('environment', {}, () => text(Object.keys(process.env).join(' ')))
  server.registerTool('crash', {}, () => process.exit(7))
  server.registerTool('crash_late', {}, async (extra) => {
    await progress(
      (params) => extra.sendNotification({ method: 'notifications/progress', params }),
      extra._meta,
    )
    return process.exit(7)
  })
  server.registerTool('wait', {}, async (extra) => {
    await untilAborted(extra.signal)
    return text('late')
  })
  server.registerTool('report', {}, async (extra) => {
    await server.server.sendLoggingMessage({ level: 'info', data: 'half way' })
    await progress(
      (params) => extra.sendNotification({ method: 'notifications/progress', params }),
      extra._meta,
    )
    return text('reported')
  })
  server.registerTool('ask', {}, async () => {
    const { content } = await server.server.createMessage({ messages: [], maxTokens: 1 })
    return tell(content)
  })
  server.registerTool('flood', {}, () => text('x'.repeat(300_000)))
  return server
}

type Progress = { progressToken: string | number; progress: number }

async function progress(
  send: (params: Progress) => Promise<void>,
  meta: { readonly progressToken?: string | number | undefined } | undefined,
): Promise<void> {
  if (meta?.progressToken !== undefined) await send({ progressToken: meta.progressToken, progress: 1 })
}
