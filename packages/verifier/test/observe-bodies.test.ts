import { once } from 'node:events'
import { createServer, IncomingMessage } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { getRequestListener, type HttpBindings } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { protect as protectExpress } from '../src/express.ts'
import { protect as protectFetch, verifyFetchRequest } from '../src/fetch.ts'
import { protect as protectHono } from '../src/hono.ts'
import type { IncomingRequest } from '../src/index.ts'
import { peekNodeBody } from '../src/peek-node-body.ts'
import { agentC } from './support/agents.ts'
import { makeRequest, type RequestChanges } from './support/b0.ts'
import { makeChain } from './support/chain.ts'
import { createObservedHono, createObservedHttp2, type Observed } from './support/observed-servers.ts'
import { withServer } from './support/servers.ts'
import { portOf, send, sendBytes } from './support/wire.ts'
import { makeObserver, makeWorld } from './support/world.ts'

type Sent = IncomingRequest & { readonly body: Uint8Array }

const chain = await makeChain()
const b0 = (changes: RequestChanges = {}): Promise<Sent> => makeRequest(chain, changes)

describe('Express that observes', () => {
  const read = {
    'by listening to it': (request: express.Request) => text(request),
    'as a stream of text': (request: express.Request) => text(request.setEncoding('utf8')),
    'piece by piece': async (request: express.Request) => {
      let body = ''
      for await (const part of request) body += String(part)
      return body
    },
    'by its events': (request: express.Request) => {
      const { promise, resolve } = Promise.withResolvers<string>()
      let body = ''
      request.on('data', (part) => (body += String(part))).on('end', () => resolve(body))
      return promise
    },
  }

  test.each(Object.entries(read))('leaves a body to be read %s', async (_how, readBody) => {
    const app = express()
    app.use(protectExpress(makeObserver().observer), async (request, response) => {
      response.send(`${request.behalfRefusal} ${await readBody(request)}`)
    })
    await withServer(createServer(app), async (server) => {
      expect(await send(portOf(server), await b0({ target: '/v1/admin' }))).toMatchObject({
        body: 'scope_exceeded {"x":1}',
      })
      const head = 'POST /v1/items HTTP/1.1\r\nHost: api.test\r\n'
      const [chunked] = await sendBytes(
        portOf(server),
        `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`,
      )
      expect(chunked?.body).toBe('signature_missing abcde')
      for (const rest of [
        'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        'Content-Length: 0\r\n\r\n',
        '\r\n',
      ]) {
        const [empty] = await sendBytes(portOf(server), head + rest)
        expect(empty?.body, rest).toBe('signature_missing ')
      }
    })
  })

  test.each(Object.entries(read))(
    'leaves a body that comes after its headers to be read %s',
    async (_how, readBody) => {
      const app = express()
      app.use(protectExpress(makeObserver().observer), async (request, response) => {
        response.set('Connection', 'close').send(`${request.behalfRefusal} ${await readBody(request)}`)
      })
      const server = createServer(app)
      await withServer(server, async () => {
        const socket = connect(portOf(server), '127.0.0.1')
        socket.write('POST /v1/items HTTP/1.1\r\nHost: api.test\r\nTransfer-Encoding: chunked\r\n\r\n')
        await once(server, 'request')
        socket.write('3\r\nabc\r\n0\r\n\r\n')
        expect(await text(socket)).toContain('signature_missing abc')
      })
    },
  )

  test('leaves alone what a parser before it made of the body, and says what is wrong', async () => {
    const { observer, faults } = makeObserver()
    const app = express()
    app.use(express.json(), protectExpress(observer), (request, response) => {
      response.json([request.body, request.behalf ?? null, request.behalfRefusal])
    })
    await withServer(createServer(app), async (server) => {
      const response = await send(portOf(server), await b0())
      expect(JSON.parse(response.body)).toEqual([{ x: 1 }, null, 'digest_mismatch'])
    })
    expect(faults.map(({ message }) => message)).toEqual([expect.stringContaining('body parser')])
  })

  test('leaves alone a body that somebody made to be read as text', async () => {
    const app = express()
    app.use((request, _response, next) => {
      request.setEncoding('utf8')
      next()
    })
    app.use(protectExpress(makeObserver().observer), async (request, response) => {
      response.send(`${request.behalfRefusal} ${await text(request)}`)
    })
    await withServer(createServer(app), async (server) => {
      expect((await send(portOf(server), await b0())).body).toBe('digest_mismatch {"x":1}')
    })
  })

  test('takes away what another verifier said', async () => {
    const app = express()
    app.use(protectExpress(makeWorld().verifier), protectExpress(makeObserver({ maxBodyBytes: 1 }).observer))
    app.use((request, response) => void response.send(`${'behalf' in request} ${request.behalfRefusal}`))
    await withServer(createServer(app), async (server) => {
      expect((await send(portOf(server), await b0())).body).toBe('false request_too_large')
    })
  })

  test('shows accepted bytes to a handler, also where a parser follows', async () => {
    const app = express()
    app.use(protectExpress(makeObserver().observer), express.json(), (request, response) => {
      response.send(`${Buffer.isBuffer(request.body)} ${request.readableEnded}`)
    })
    await withServer(createServer(app), async (server) => {
      expect((await send(portOf(server), await b0())).body).toBe('true true')
    })
  })
})

test('a body is put back in time, also when its end is there before its first byte is read', async () => {
  const request = new IncomingMessage(new Socket())
  request.headers['transfer-encoding'] = 'chunked'
  request._read = () => {
    request.push('abc')
    request.complete = true
    request.push(null)
  }
  const body = await peekNodeBody(request, { maxBytes: 9, timeoutSeconds: 9 })
  expect(Buffer.from(body).toString()).toBe('abc')
  expect(await text(request)).toBe('abc')
})

describe('Hono that observes', () => {
  test('over HTTP/2 shows what was verified, and lets the rest through', async () => {
    const seen: Observed[] = []
    await withServer(createObservedHttp2(makeObserver().observer, seen), async (server) => {
      const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`)
      const requests = [
        await b0(),
        await b0({ target: '/v1/admin' }),
        await b0({ method: 'GET', target: '/v1/admin', body: '' }),
        await b0({ method: 'GET', target: '/v1/items', body: '' }),
      ]
      for (const { method, target, headers, body } of requests) {
        const { host, ...fields } = Object.fromEntries(
          headers.map(([name, value]) => [name.toLowerCase(), value]),
        )
        const stream = session.request({ ':method': method, ':path': target, ':authority': host, ...fields })
        if (method !== 'GET') stream.end(body)
        const [answer] = await once(stream, 'response')
        expect([answer[':status'], await text(stream)]).toEqual([200, 'handled'])
        expect(answer['request-id']).toMatch(/^[0-9A-Z]{26}$/)
      }
      session.close()
    })
    expect(seen.map(({ verified, refusal, body }) => [verified?.agent, refusal, body])).toEqual([
      [agentC.did, undefined, '{"x":1}'],
      [undefined, 'scope_exceeded', '{"x":1}'],
      [undefined, 'scope_exceeded', ''],
      [agentC.did, undefined, ''],
    ])
  })

  test('takes away what another verifier said, and not the body that it left', async () => {
    const app = new Hono()
    const { observer } = makeObserver({ mapPrincipal: () => undefined })
    app.all('*', protectHono(makeWorld().verifier), protectHono(observer), async (context) =>
      context.json([
        context.get('behalf') === undefined,
        context.get('behalfRefusal'),
        await context.req.text(),
      ]),
    )
    await withServer(createServer(getRequestListener(app.fetch)), async (server) => {
      expect((await send(portOf(server), await b0())).body).toBe('[true,"digest_mismatch","{\\"x\\":1}"]')
    })
  })

  test.each(['GET', 'TRACE'])('lets a %s through whose body no web Request can hold', async (method) => {
    const app = new Hono()
    app.all('*', protectHono(makeObserver().observer), (context) =>
      context.text(context.get('behalfRefusal') ?? ''),
    )
    await withServer(createServer(getRequestListener(app.fetch)), async (server) => {
      expect((await send(portOf(server), await b0({ method, target: '/v1/admin' }))).body).toBe(
        'scope_exceeded',
      )
    })
  })

  test('has read an accepted request to its end', async () => {
    const app = new Hono<{ Bindings: HttpBindings }>()
    app.all('*', protectHono(makeObserver().observer), (context) =>
      context.text(String(context.env.incoming.readableEnded)),
    )
    await withServer(createServer(getRequestListener(app.fetch)), async (server) => {
      expect((await send(portOf(server), await b0())).body).toBe('true')
    })
  })

  test('leaves a body that was read before to whoever has it', async () => {
    const app = new Hono()
    app.use(async (context, next) => {
      await context.req.json()
      await next()
    })
    app.all('*', protectHono(makeObserver().observer), async (context) =>
      context.json([await context.req.json(), context.get('behalfRefusal')]),
    )
    await withServer(createServer(getRequestListener(app.fetch)), async (server) => {
      expect((await send(portOf(server), await b0())).body).toBe('[{"x":1},"digest_mismatch"]')
    })
  })

  test('sees a web Request where there is no Node underneath', async () => {
    const seen: Observed[] = []
    const app = createObservedHono(makeObserver().observer, seen)
    for (const target of ['/v1/items', '/v1/admin']) await app.fetch(toWebRequest(await b0({ target })))
    expect(seen.map(({ verified, refusal, body }) => [verified?.agent, refusal, body])).toEqual([
      [agentC.did, undefined, '{"x":1}'],
      [undefined, 'scope_exceeded', '{"x":1}'],
    ])
  })
})

describe('a web Request that is observed', () => {
  test('can be read when it would be refused, and not when it was accepted', async () => {
    const { observer } = makeObserver()
    const refused = toWebRequest(await b0({ target: '/v1/admin' }))
    expect((await verifyFetchRequest(observer, refused)).refusal?.code).toBe('scope_exceeded')
    expect(await refused.text()).toBe('{"x":1}')
    const accepted = toWebRequest(await b0())
    expect((await verifyFetchRequest(observer, accepted)).verified?.agent).toBe(agentC.did)
    expect(accepted.bodyUsed).toBe(true)
  })

  test('may be enforced by a handler inside', async () => {
    const request = toWebRequest(await b0())
    const inner = protectFetch(makeWorld().verifier, (_request, { body }) => new Response(body.slice()))
    const response = await protectFetch(makeObserver().observer, inner)(request)
    expect([response.status, await response.text()]).toEqual([200, '{"x":1}'])
  })

  test.each([
    ['read', (request: Request) => request.text()],
    ['being read', (request: Request) => Promise.resolve(request.body?.getReader())],
  ])('would be refused when it is %s already', async (_state, read) => {
    const request = toWebRequest(await b0())
    await read(request)
    expect((await verifyFetchRequest(makeObserver().observer, request)).refusal?.code).toBe('digest_mismatch')
  })
})

describe('the types of an observing verifier', () => {
  const { observer } = makeObserver()

  test('let no handler read a principal that may not be there', () => {
    // @ts-expect-error -- would be undefined for a request that would have been refused
    new Hono().get('/', protectHono(observer), (context) => context.text(context.get('behalf').principal.id))
    // @ts-expect-error -- the same
    protectFetch(observer, (_request, { principal }) => new Response(principal.id))
    // @ts-expect-error -- the same
    express().use((request, response) => void response.send(request.behalf.principal))
  })

  test('are those of both where the mode is decided at run time', async () => {
    for (const verifier of [makeWorld().verifier, observer]) {
      const handler = protectFetch(verifier, (_request, verified, refusal) =>
        Response.json([verified?.principal.id ?? null, refusal ?? null]),
      )
      const response = await handler(toWebRequest(await b0()))
      expect(await response.json()).toEqual(['person-7', null])
      expect(response.headers.get('request-id')).toMatch(/^[0-9A-Z]{26}$/)
    }
  })
})

function toWebRequest({ method, target, headers, body }: Sent): Request {
  return new Request(`https://api.test${target}`, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    body: Uint8Array.from(body),
  })
}
