import { createServer, type RequestListener } from 'node:http'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import express from 'express'
import { Hono } from 'hono'
import { describe, expect, test } from 'vitest'
import { protect as protectExpress } from '../src/express.ts'
import { protect as protectFetch } from '../src/fetch.ts'
import { protect as protectHono } from '../src/hono.ts'
import {
  type AuditOutcome,
  type AuditRecord,
  type IncomingRequest,
  type RequestGuard,
  type VerifiedRequest,
  VerifierError,
} from '../src/index.ts'
import { makeRequest } from './support/b0.ts'
import { makeChain, NOW } from './support/chain.ts'
import { adapters, createHttp2Adapter, startAdapter, withServer } from './support/servers.ts'
import { makeTokenRequest, makeTokenWorld } from './support/tokens.ts'
import { portOf, send, toWire } from './support/wire.ts'
import { makeObserver, makeWorld } from './support/world.ts'

const chain = await makeChain()

interface Kept {
  readonly records: AuditRecord[]
  readonly outcomes: AuditOutcome[]
  /** Resolves to the next outcome that was not looked at. */
  readonly next: () => Promise<AuditOutcome>
}

/** A verifier whose sink takes outcomes, and what it took. */
function open(): Kept & { readonly verifier: RequestGuard<VerifiedRequest> } {
  const kept = createKept()
  return { ...kept, verifier: makeWorld({ auditSink: kept.sink }).verifier }
}

function createKept(): Kept & {
  readonly sink: { record(entry: AuditRecord): void; recordOutcome(entry: AuditOutcome): void }
} {
  const [records, outcomes]: [AuditRecord[], AuditOutcome[]] = [[], []]
  const waiting: ((outcome: AuditOutcome) => void)[] = []
  let looked = 0
  return {
    records,
    outcomes,
    next: async () => {
      looked += 1
      const known = outcomes[looked - 1]
      return known ?? (await new Promise((resolve) => void waiting.push(resolve)))
    },
    sink: {
      record: (entry) => void records.push(entry),
      recordOutcome: (entry) => {
        outcomes.push(entry)
        waiting.shift()?.(entry)
      },
    },
  }
}

describe.each(adapters)('the adapter of $name', (adapter) => {
  test('tells what it answered to what was accepted, and of nothing else', async () => {
    const { verifier, records, outcomes, next } = open()
    await withServer(startAdapter(adapter, verifier), async (server) => {
      const accepted = await send(portOf(server), await makeRequest(chain))
      const outcome = await next()
      expect(outcome).toEqual({
        time: NOW,
        requestId: accepted.headers.get('request-id'),
        origin: 'https://api.test',
        status: 200,
        isCutOff: false,
        principal: records[0]?.principal,
        root: records[0]?.delegations?.[0],
      })
      await send(portOf(server), await makeRequest(chain, { method: 'DELETE' }))
      await send(portOf(server), await makeRequest(chain))
      expect((await next()).requestId).toBe(records[2]?.requestId)
    })
    expect(records.map(({ decision, awaitsOutcome }) => [decision, awaitsOutcome])).toEqual([
      ['accepted', true],
      ['refused', undefined],
      ['accepted', true],
    ])
    expect(outcomes).toHaveLength(2)
  })
})

describe('an answer that is not one', () => {
  const serve = async (listener: RequestListener): Promise<void> => {
    await withServer(createServer(listener), async (server) => {
      await new Promise<void>((resolve, reject) => {
        makeRequest(chain).then((request) => {
          const socket = connect(portOf(server), '127.0.0.1', () => socket.write(toWire(request)))
          socket.on('data', () => socket.destroy())
          socket.on('error', () => undefined)
          socket.on('close', () => resolve())
          // Nobody answers at all: whoever asked leaves.
          server.on('request', (_, response) => {
            response.once('unanswered', () => socket.destroy())
          })
        }, reject)
      })
    })
  }

  test('is told as cut off, with its status as far as that was sent', async () => {
    const { verifier, next } = open()
    const app = new Hono()
    app.all('/v1/*', protectHono(verifier), (c) => {
      const endless = new ReadableStream<Uint8Array>({ start: (out) => out.enqueue(new Uint8Array([65])) })
      return c.body(endless, 201)
    })
    await serve(getRequestListener(app.fetch))
    expect(await next()).toMatchObject({ status: 201, isCutOff: true })
    const silent = open()
    const server = express()
    server.use('/v1', protectExpress(silent.verifier), (_, response) => void response.emit('unanswered'))
    await serve(server)
    const outcome = await silent.next()
    expect([outcome.isCutOff, 'status' in outcome]).toEqual([true, false])
  })

  test('of a handler that fails is told with what the framework made of it', async () => {
    const fail = (): never => {
      throw new Error('broken')
    }
    const [one, other] = [open(), open()]
    const hono = new Hono()
    hono.onError((_, c) => c.text('broken', 500))
    hono.all('/v1/*', protectHono(one.verifier), fail)
    const app = express()
    app.use('/v1', protectExpress(other.verifier), fail)
    app.use(
      ((_error, _request, response, _next) =>
        void response.status(503).end()) satisfies express.ErrorRequestHandler,
    )
    for (const listener of [getRequestListener(hono.fetch), app]) {
      await withServer(createServer(listener), async (server) => {
        await send(portOf(server), await makeRequest(chain))
      })
    }
    expect([(await one.next()).status, (await other.next()).status]).toEqual([500, 503])
  })

  test('is not known of a handler of web requests that fails', async () => {
    const { verifier, next } = open()
    const handler = protectFetch(verifier, () => {
      throw new Error('broken')
    })
    await expect(handler(await webRequest())).rejects.toThrow('broken')
    const outcome = await next()
    expect([outcome.isCutOff, 'status' in outcome]).toEqual([false, false])
  })
})

test('away from Node and over HTTP/2 it is told as well', async () => {
  const web = open()
  const app = new Hono()
  app.all('/v1/*', protectHono(web.verifier), (c) => c.text('made', 201))
  expect((await app.fetch(await webRequest())).status).toBe(201)
  expect(await web.next()).toMatchObject({ status: 201, isCutOff: false })
  expect(web.outcomes).toHaveLength(1)
  const http2 = open()
  await withServer(createHttp2Adapter(http2.verifier), async (server) => {
    const { method, target, headers, body } = await makeRequest(chain)
    const session = connectHttp2(`http://127.0.0.1:${portOf(server)}`)
    const { host: _, ...fields } = Object.fromEntries(
      headers.map(([name, value]) => [name.toLowerCase(), value]),
    )
    const stream = session.request({
      ':method': method,
      ':path': target,
      ':authority': 'api.test',
      ...fields,
    })
    stream.end(body)
    stream.resume()
    expect(await http2.next()).toMatchObject({ status: 200, isCutOff: false })
    session.close()
  })
})

test('a verifier that observes tells of what it would accept', async () => {
  const kept = createKept()
  const { observer } = makeObserver({ auditSink: kept.sink, reportObservation: () => undefined })
  const handler = protectFetch(observer, () => new Response(null, { status: 204 }))
  await handler(await webRequest())
  await handler(new Request('https://api.test/v1/items/7'))
  expect(kept.outcomes).toMatchObject([{ status: 204, requestId: kept.records[0]?.requestId }])
})

describe('a verifier', () => {
  const ask = async (tellsOutcome: boolean): Promise<IncomingRequest> => ({
    ...(await makeRequest(chain)),
    tellsOutcome,
  })

  test('awaits an outcome only where it will be told, and somebody takes it', async () => {
    const { verifier, records } = open()
    const silent = await verifier.verify(await ask(false))
    const told = await verifier.verify(await ask(true))
    const world = makeWorld()
    const unwanted = await world.verifier.verify(await ask(true))
    expect([silent, told, unwanted].map(({ answered }) => typeof answered)).toEqual([
      'undefined',
      'function',
      'undefined',
    ])
    expect([...records, ...world.records].map(({ awaitsOutcome }) => awaitsOutcome)).toEqual([
      undefined,
      true,
      undefined,
    ])
    // Whoever copies a verified request copies no functions.
    expect(Object.keys(told)).not.toContain('answered')
  })

  test('takes the first word on it, and reports a sink that fails', async () => {
    const { verifier, outcomes } = open()
    const { answered } = await verifier.verify(await ask(true))
    answered?.({ status: 200, isCutOff: false })
    answered?.({ status: 500, isCutOff: true })
    expect(outcomes.map(({ status }) => status)).toEqual([200])
    const recordOutcome = (): void => {
      throw new Error('full')
    }
    const world = makeWorld({ auditSink: { record: () => undefined, recordOutcome } })
    const verified = await world.verifier.verify(await ask(true))
    verified.answered?.({ status: 200, isCutOff: false })
    expect(world.faults.map((fault) => fault instanceof VerifierError && fault.code)).toEqual([
      'audit_unavailable',
    ])
  })

  test('of tokens does the same', async () => {
    const kept = createKept()
    const { verifier } = await makeTokenWorld({ auditSink: kept.sink })
    const { answered } = await verifier.verify({ ...(await makeTokenRequest()), tellsOutcome: true })
    answered?.({ status: 404, isCutOff: false })
    expect(kept.outcomes).toMatchObject([{ status: 404, requestId: kept.records[0]?.requestId }])
  })
})

async function webRequest(): Promise<Request> {
  const { method, target, headers, body } = await makeRequest(chain)
  return new Request(`https://api.test${target}`, {
    method,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
    body: new Uint8Array(body),
  })
}
