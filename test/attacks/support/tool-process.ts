import { appendFileSync } from 'node:fs'
import { argv, kill, pid } from 'node:process'
import { verifiedCaller } from '@behalf/mcp'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { callTool, post } from '../../../packages/mcp/test/support/messages.ts'
import { MCP_URL, makeWorld } from '../../../packages/mcp/test/support/world.ts'

// An MCP server in a process of its own, and an agent that calls its tool several times at once. As soon as the tool had
// so many effects the process is killed, before anybody is answered:
// node tool-process.ts <database> <effects> <calls> <effects until the kill> <recorded|unrecorded>
const [, , path = '', effects = '', calls = '', until = '', kept = ''] = argv
const database = openVerifierDatabase(path)
let done = 0

function act(context: object): { readonly content: { readonly type: 'text'; readonly text: string }[] } {
  appendFileSync(effects, `${verifiedCaller(context).requestId}\n`)
  done += 1
  if (done === Number(until)) kill(pid, 'SIGKILL')
  return { content: [{ type: 'text', text: 'done' }] }
}

const { fetch: handler } = createMcpHandler(() => {
  const server = new McpServer({ name: 'issues', version: '1.0.0' })
  server.registerTool('close_issue', {}, act)
  return server
})
const auditSink = kept === 'recorded' ? database.auditSink : { record: () => undefined }
const world = await makeWorld({ handler, auditSink })
const wallet = world.wallet(10)
const tools = { close_issue: `sha-256:${'A'.repeat(43)}` }
await world.grant(wallet, [{ type: 'mcp', locations: [MCP_URL], actions: ['tools/call'], tools }])
await Promise.all(
  Array.from({ length: Number(calls) }, async () => (await post(wallet, callTool('close_issue'))).text()),
)
