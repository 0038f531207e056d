import { once } from 'node:events'
import { get, type IncomingMessage, type Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import { encodeUtf8 } from '@behalf/core'
import { Hono } from 'hono'
import { expect, test, vi } from 'vitest'
import { closeServer, createHttpServer, listen } from '../src/http-server.ts'

const FIRST = encodeUtf8('data: 1\n\n')
/** Far more than the buffers between server and reader hold. */
const TOO_MUCH = new Uint8Array(64 * 1_048_576)

/** A server of one stream that begins with these bytes, and what fails that stream. */
function serveStream(bytes: Uint8Array): { readonly server: Server; readonly fail: () => void } {
  let fail = (): void => undefined
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(bytes)
      fail = () => controller.error(new Error('the reader is too slow'))
    },
  })
  const app = new Hono()
  app.get('/', () => new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } }))
  const guard = { refuse: () => ({ status: 400, headers: {}, body: '' }), requestId: () => '1' }
  const server = createHttpServer({ app, guard } as unknown as Parameters<typeof createHttpServer>[0])
  return { server, fail: () => fail() }
}

test('a reader that stopped reading is cut off, too', async () => {
  const { server, fail } = serveStream(TOO_MUCH)
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 })
  const connected = once(server, 'connection')
  const reader = connect({ host: '127.0.0.1', port })
  reader.on('error', () => undefined)
  try {
    reader.write('GET / HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n')
    const [kept]: Socket[] = await connected
    if (kept === undefined) throw new Error('nobody connected')
    const closed = new Promise((resolve) => kept.once('close', resolve))
    await once(reader, 'data')
    reader.pause()
    fail()
    // Nothing else would end it: what was sent waits for a reader who does not read.
    await closed
    expect(kept.destroyed).toBe(true)
  } finally {
    reader.destroy()
    await closeServer(server, 0)
  }
})

test('a reader that is cut off learns it, and the console does not', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { server, fail } = serveStream(FIRST)
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 })
  try {
    const [response]: IncomingMessage[] = await once(get({ host: '127.0.0.1', port }), 'response')
    if (response === undefined) throw new Error('nothing was answered')
    const [first] = await once(response, 'data')
    const closed = new Promise((resolve) => response.once('close', resolve).once('error', resolve))
    fail()
    await closed
    expect(String(first)).toBe('data: 1\n\n')
    expect(printed.mock.calls).toEqual([])
  } finally {
    printed.mockRestore()
    await closeServer(server, 0)
  }
})
