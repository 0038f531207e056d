import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import { isJsonObject, type JsonObject, parseJson } from '@behalf/core'
import { whenDone } from './authority-world.ts'

/** One message that came. */
export interface Received {
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly bytes: Uint8Array
  readonly json: JsonObject
}

/** A real receiver of webhooks on this machine. */
export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** How it answers from now on; default 204. */
  answer: (response: ServerResponse) => void
  /** Resolves once so many came. */
  readonly count: (messages: number) => Promise<readonly Received[]>
  readonly close: () => Promise<void>
}

/** Listens, at a free port unless one is given. */
export async function openReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = []
  const arrivals = new EventTarget()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const bytes = new Uint8Array(Buffer.concat(chunks))
      const text = new TextDecoder().decode(bytes)
      const isJson = request.headers['content-type'] === 'application/json'
      const value = isJson ? parseJson(bytes) : {}
      received.push({ headers: request.headers, text, bytes, json: isJsonObject(value) ? value : {} })
      receiver.answer(response)
      arrivals.dispatchEvent(new Event('message'))
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  let isOpen = true
  const receiver: Receiver = {
    url: `http://127.0.0.1:${address.port}/hook`,
    port: address.port,
    received,
    answer: (response) => response.writeHead(204).end(),
    count: async (messages) => {
      while (received.length < messages) await once(arrivals as never, 'message')
      return received
    },
    close: async () => {
      if (!isOpen) return
      isOpen = false
      server.closeAllConnections()
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
  whenDone(receiver.close)
  return receiver
}
