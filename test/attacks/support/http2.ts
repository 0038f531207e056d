import { connect, createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { AddressInfo } from 'node:net'
import type { RequestVerifier } from '@behalf/verifier'
import { createHonoListener } from './adapters.ts'
import type { WireRequest } from './request.ts'
import { type Answer, HANG_MS } from './wire.ts'

/** A protected API over HTTP/2 without TLS; of the adapters, only hono speaks it. */
export interface Http2Api {
  /** @param headers added to those of the request, pseudo-headers among them */
  send(request: WireRequest, headers?: OutgoingHttpHeaders): Promise<Answer>
}

/** Runs with a protected API over HTTP/2, and ends it. */
export async function withHttp2Api<Result>(
  verifier: RequestVerifier<unknown>,
  run: (api: Http2Api) => Promise<Result>,
): Promise<Result> {
  const server = createServer(createHonoListener({ verifier, onHandled: () => undefined }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  try {
    return await run({ send: (request, headers = {}) => exchange(port, request, headers) })
  } finally {
    server.close()
  }
}

async function exchange(port: number, request: WireRequest, added: OutgoingHttpHeaders): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  // Node's own cap on what a client sends would spare the server.
  const client = connect(`http://127.0.0.1:${port}`, { maxSendHeaderBlockLength: 4_000_000 })
  client.on('error', reject)
  const timer = setTimeout(() => reject(new Error(`no answer within ${HANG_MS} ms`)), HANG_MS)
  const lines = request.lines
    .filter(([name]) => name !== 'Host')
    .map(([name, value]) => [name.toLowerCase(), value])
  const pseudo = {
    ':method': request.method,
    ':path': request.target,
    ':authority': 'api.test',
    ':scheme': 'http',
  }
  const stream = client.request({ ...pseudo, ...Object.fromEntries(lines), ...added })
  let headers: IncomingHttpHeaders = {}
  const parts: Buffer[] = []
  stream
    .on('response', (received) => {
      headers = received
    })
    .on('data', (part: Buffer) => parts.push(part))
    .on('error', reject)
    .on('end', () => resolve(toAnswer(headers, Buffer.concat(parts).toString())))
    .end(request.body)
  return promise.finally(() => {
    clearTimeout(timer)
    client.destroy()
  })
}

function toAnswer(headers: IncomingHttpHeaders, body: string): Answer {
  return {
    status: Number(headers[':status']),
    header: (name) => {
      const value = headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    body,
    text: `${JSON.stringify(headers)}\n${body}`,
  }
}
