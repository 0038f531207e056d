import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { encodeUtf8 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { createPostContext, type NoticeOptions } from '../src/notices/notice-options.ts'
import { type PostContext, type PostResult, postNotice } from '../src/notices/post-notice.ts'
import { createWorld, whenDone } from './support/authority-world.ts'
import { claim } from './support/browser.ts'
import { openReceiver } from './support/receiver.ts'

const HERE = 'http://localhost:8787'
const MESSAGE = { headers: {}, body: encodeUtf8('{}') }

function contextOf(options: NoticeOptions = {}, origin = HERE): PostContext {
  return createPostContext(options, { origin, signal: new AbortController().signal })
}

function post(url: string, options: NoticeOptions = {}, origin = HERE): Promise<PostResult> {
  return postNotice(contextOf(options, origin), { ...MESSAGE, url: new URL(url) })
}

/** A receiver that speaks bytes, not HTTP. */
async function openSocket(onConnect: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', () => onConnect(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  whenDone(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || address === null) throw new Error('no port')
  return `http://127.0.0.1:${address.port}/`
}

describe('a message out of this machine', () => {
  test('goes where its URL says, and its answer is its status', async () => {
    const receiver = await openReceiver()
    expect(await post(receiver.url)).toEqual({ status: 204 })
    const named = receiver.url.replace('127.0.0.1', 'receiver.test')
    expect(await post(named, { resolveHost: async () => ['127.0.0.1'] })).toEqual({ status: 204 })
    expect(receiver.received[1]?.headers.host).toBe(`receiver.test:${receiver.port}`)
  })

  test('does not reach inside, whatever the name resolves to', async () => {
    const receiver = await openReceiver()
    const named = receiver.url.replace('http://127.0.0.1', 'https://receiver.test')
    const origin = 'https://authority.test'
    for (const addresses of [['127.0.0.1'], ['::ffff:127.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['fe80::1'], []]) {
      const result = await post(named, { resolveHost: async () => addresses }, origin)
      expect([addresses, result]).toEqual([addresses, { failure: 'address_forbidden' }])
    }
    for (const host of [
      '127.0.0.1',
      '[::1]',
      '[::ffff:127.0.0.1]',
      '0x7f000001',
      '2130706433',
      '017700000001',
    ]) {
      expect([host, await post(`https://${host}:${receiver.port}/`, {}, origin)]).toEqual([
        host,
        { failure: 'address_forbidden' },
      ])
    }
    expect(receiver.received).toEqual([])
  })

  test('goes to the address that was checked: the resolver is asked once', async () => {
    const receiver = await openReceiver()
    let asked = 0
    const resolveHost = async (): Promise<readonly string[]> => {
      asked += 1
      return asked === 1 ? ['127.0.0.1'] : ['127.0.0.2']
    }
    const named = receiver.url.replace('127.0.0.1', 'rebinding.test')
    expect(await post(named, { resolveHost })).toEqual({ status: 204 })
    expect(asked).toBe(1)
  })

  test('follows no redirect', async () => {
    const [receiver, inside] = [await openReceiver(), await openReceiver()]
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.answer = (response) => response.writeHead(status, { location: inside.url }).end()
      expect(await post(receiver.url)).toEqual({ status })
    }
    expect(inside.received).toEqual([])
  })

  test('waits no longer than it may: for a name, an answer, or the rest of a head', async () => {
    const options = { timeoutSeconds: 0.2 }
    const silent = await openReceiver()
    silent.answer = () => undefined
    expect(await post(silent.url, options)).toEqual({ failure: 'timeout' })
    const dripping = await openSocket((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      const drip = setInterval(() => socket.write('X-Drip: 1\r\n'), 20)
      socket.on('close', () => clearInterval(drip))
    })
    expect(await post(dripping, options)).toEqual({ failure: 'timeout' })
    const never = { ...options, resolveHost: () => new Promise<never>(() => {}) }
    expect(await post('https://slow.test/', never)).toEqual({ failure: 'timeout' })
  })

  test('reads nothing of a huge answer, and no huge head', async () => {
    let written = 0
    const endless = await openSocket((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
      const pump = (): void => {
        while (!socket.destroyed && written < 1e9) {
          written += chunk.length
          if (!socket.write(chunk)) return
        }
      }
      socket.on('drain', pump)
      pump()
    })
    expect(await post(endless)).toEqual({ status: 200 })
    expect(written).toBeLessThan(1e8)
    const head = await openSocket((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`)
    })
    expect(await post(head)).toEqual({ failure: 'unreachable' })
  })

  test('that finds nobody says so', async () => {
    const receiver = await openReceiver()
    await receiver.close()
    expect(await post(receiver.url)).toEqual({ failure: 'unreachable' })
    const resolveHost = (): Promise<never> => Promise.reject(new Error('ENOTFOUND'))
    expect(await post('https://nowhere.test/', { resolveHost })).toEqual({ failure: 'name_unknown' })
    const garbage = await openSocket((socket) => socket.end('what?'))
    expect(await post(garbage)).toEqual({ failure: 'unreachable' })
  })
})

describe('the URL of a webhook', () => {
  test('is refused when notices may not go there, with what is wrong', async () => {
    const resolveHost = async (host: string): Promise<readonly string[]> => {
      if (host === 'nowhere.test') throw new Error('ENOTFOUND')
      return host === 'inside.test' ? ['10.0.0.1'] : ['93.184.216.34']
    }
    const world = await createWorld({ notices: { resolveHost } })
    const alice = await claim(world)
    const add = async (url: string): Promise<readonly unknown[]> => {
      const body = { url, events: ['request.waiting'], step_up: await alice.stepUp() }
      const { status, code, json } = await alice.send('/api/webhooks', body)
      return [status, code, json['field']]
    }
    expect(await add('https://receiver.test/')).toEqual([201, undefined, undefined])
    for (const url of [
      '',
      '/hook',
      'http://receiver.test/',
      'ftp://receiver.test/',
      'javascript:alert(1)',
      'https://user@receiver.test/',
      'https://:secret@receiver.test/',
      'https://receiver.test/#here',
      'https://inside.test/',
      'https://nowhere.test/',
      'https://10.0.0.1/',
      'https://[fd00::1]/',
      'https://169.254.169.254/latest/meta-data',
      'http://10.0.0.1/',
      `https://receiver.test/${'x'.repeat(2000)}`,
    ]) {
      expect([url, ...(await add(url))]).toEqual([url, 422, 'input_invalid', 'url'])
    }
  })
})
