import { request as sendHttp } from 'node:http'
import { Readable } from 'node:stream'
import { McpError } from '@behalf/mcp'
import { createMemoryWallet, type Wallet } from '@behalf/wallet'
import { createMcpCaller } from '../../../packages/mcp/src/mcp-caller.ts'
import { createSigningFetch } from '../../../packages/mcp/src/signing-fetch.ts'
import { freePort } from '../../support/free-port.ts'
import { listen, type McpServed } from '../../support/mcp-endpoint.ts'

/** Where a request says which host it was made to, on its way through the wallet. */
const TOLD_HOST = 'x-told-host'

/** A wallet whose requests go to the host that the forwarder was told. */
export function createForwardingWallet(): Wallet {
  return createMemoryWallet({ fetch: sendToToldHost })
}

/**
 * A plain HTTP server that sends on what comes to it, signed as a client signs. It is transparent: a request to it is
 * one to the endpoint, and one to a foreign host or from a foreign page stays such.
 *
 * @param digests of the tools as the server tells them
 */
export async function openSigningForwarder(
  wallet: Wallet,
  target: string,
  digests: ReadonlyMap<string, string>,
): Promise<McpServed> {
  const endpoint = new URL(target)
  const port = await freePort()
  const own = `127.0.0.1:${port}`
  const send = createSigningFetch(createMcpCaller(wallet, endpoint, {}), () => digests)
  return await listen(async (request) => {
    const headers = new Headers(request.headers)
    for (const name of ['connection', 'content-length', 'transfer-encoding', 'host']) headers.delete(name)
    const origin = headers.get('origin')
    if (origin === `http://${own}`) headers.set('origin', endpoint.origin)
    const host = request.headers.get('host') ?? ''
    headers.set(TOLD_HOST, host === own ? endpoint.host : host)
    const { method, signal } = request
    const body = method === 'POST' ? { body: await request.text() } : {}
    try {
      return await send(target, { method, headers, signal, ...body })
    } catch (error) {
      if (!(error instanceof McpError)) throw error
      return Response.json({ code: error.code }, { status: error.status ?? 500 })
    }
  }, port)
}

/** As `fetch`, which would not let the host be named. */
function sendToToldHost(url: string | URL, init: RequestInit = {}): Promise<Response> {
  const { [TOLD_HOST]: host, ...rest } = Object.fromEntries(new Headers(init.headers))
  return new Promise((resolve, reject) => {
    const options = {
      method: init.method ?? 'GET',
      headers: { ...rest, ...(host !== undefined && { host }) },
      ...(init.signal && { signal: init.signal }),
    }
    const outgoing = sendHttp(url, options, (answer) => {
      const { statusCode = 0, headers: fields } = answer
      const isEmpty = [202, 204].includes(statusCode)
      const body = isEmpty ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>)
      if (isEmpty) answer.resume()
      resolve(new Response(body, { status: statusCode, headers: fields as Record<string, string> }))
    })
    outgoing.on('error', reject)
    outgoing.end(init.body)
  })
}
