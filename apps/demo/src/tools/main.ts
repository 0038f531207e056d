import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEd25519Signer, decodeBase64url, systemClock } from '@behalf/core'
import { createMcpEndpoint } from '@behalf/mcp'
import { createAuditShipper, createStatusSource, type VerifiedRequest } from '@behalf/verifier'
import { type ProtectedEnv, protect } from '@behalf/verifier/hono'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { createMemoryWallet } from '@behalf/wallet'
import { createAdaptorServer } from '@hono/node-server'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { Hono } from 'hono'
import { createToolServer, describeTools } from './tool-server.ts'

// The MCP server as a process: node main.ts <folder> <issuer DID> <heartbeat URL> <port> <origin of the issue tracker>.
// It answers /ready when it can verify, and tells at /about who it is and what its tools are.
const [folder = '', issuer = '', heartbeat = '', port = '', tracker = ''] = process.argv.slice(2)

const origin = `http://127.0.0.1:${port}`
const seed = decodeBase64url(readFileSync(join(folder, 'tools.key'), 'utf8'))
const wallet = createMemoryWallet({ seed })
const database = openVerifierDatabase(join(folder, 'tools.sqlite'))
const signer = createEd25519Signer(seed)
const statusSource = createStatusSource({
  issuers: [{ did: issuer, url: heartbeat }],
  stream: true,
  signer,
  state: database.statusState,
})
const shipper = createAuditShipper({
  authority: new URL(heartbeat).origin,
  signer,
  outbox: database.auditOutbox,
})
const create = (): ReturnType<typeof createToolServer> => createToolServer({ wallet, tracker })
const endpoint = createMcpEndpoint({
  url: `${origin}/mcp`,
  handler: createMcpHandler(create).fetch,
  trustedIssuers: [issuer],
  statusSource,
  replayStore: database.replayStore,
  useCounter: database.useCounter,
  auditSink: shipper,
})
let knowsStatus = false
const app = new Hono<ProtectedEnv<VerifiedRequest>>()
app.get('/ready', (c) =>
  knowsStatus && systemClock() >= database.readyAt
    ? c.json({ status: 'ok' })
    : c.json({ status: 'starting' }, 503),
)
app.get('/about', async (c) => c.json({ agent: wallet.did, tools: await describeTools(create()) }))
app.use('/mcp', protect(endpoint.verifier))
app.all('/mcp', (c) => endpoint.serve(c.req.raw, c.get('behalf')))

const server = createAdaptorServer(app)
server.listen(Number(port), '127.0.0.1')
await once(server, 'listening')
await statusSource.ready()
knowsStatus = true

const stop = (): void => {
  statusSource.close()
  server.close(() => void shipper.close().then(() => database.close()))
}
process.once('SIGTERM', stop).once('SIGINT', stop)
