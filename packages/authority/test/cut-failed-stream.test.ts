import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { encodeUtf8 } from '@behalf/core'
import { Hono } from 'hono'
import { expect, test, vi } from 'vitest'
import { closeServer, createHttpServer, listen } from '../src/http-server.ts'

/** A server of one stream, and what fails that stream. */
function serveStream(): { readonly app: Hono; readonly fail: () => void } {
  let fail = (): void => undefined
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(encodeUtf8('data: 1\n\n'))
      fail = () => controller.error(new Error('the reader is too slow'))
    },
  })
  const app = new Hono()
  app.get('/', () => new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } }))
  return { app, fail: () => fail() }
}

test('a reader that is cut off learns it, and the console does not', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  const { app, fail } = serveStream()
  const guard = { refuse: () => ({ status: 400, headers: {}, body: '' }), requestId: () => '1' }
  const server = createHttpServer({ app, guard } as unknown as Parameters<typeof createHttpServer>[0])
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
