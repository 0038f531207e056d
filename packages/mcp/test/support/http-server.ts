import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createMcpHandler } from '@modelcontextprotocol/server'
import { createServer, createSessionServer } from './plain-servers.ts'

// A server over Streamable HTTP that knows nothing of delegations: node http-server.ts <generation> <port>. It says
// `listening` when it does.

const [, , generation = '', port = ''] = process.argv
const { fetch } = createMcpHandler(createServer)
const transports = new Map<string, StreamableHTTPServerTransport>()

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts).toString('utf8')
}

async function serveAlone(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request)
  const left = new AbortController()
  response.once('close', () => left.abort())
  const answer = await fetch(
    new Request(`http://127.0.0.1:${port}/mcp`, {
      method: request.method ?? '',
      headers: new Headers(request.headers as Record<string, string>),
      signal: left.signal,
      ...(body !== '' && { body }),
    }),
  )
  response.writeHead(answer.status, Object.fromEntries(answer.headers))
  for await (const part of answer.body ?? []) response.write(part)
  response.end()
}

async function openTransport(): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: () => crypto.randomUUID(),
    onsessioninitialized: (id) => void transports.set(id, transport),
    onsessionclosed: (id) => void transports.delete(id),
  })
  const server = createSessionServer()
  await server.connect(transport as Parameters<typeof server.connect>[0])
  return transport
}

async function serveSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request)
  const known = transports.get(String(request.headers['mcp-session-id']))
  const transport = known ?? (await openTransport())
  await transport.handleRequest(request, response, body === '' ? undefined : JSON.parse(body))
}

createHttpServer((request, response) => {
  const serve = generation === '2.x' ? serveAlone : serveSession
  serve(request, response).catch(() => response.destroy())
}).listen(Number(port), '127.0.0.1', () => process.stdout.write('listening\n'))
