import { createServer, request } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { closeServer, listen } from '../src/http-server.ts'
import { createAuthority, openDatabase } from '../src/index.ts'
import {
  ASK_ALWAYS,
  ASKED,
  createPolicy,
  createTestClock,
  createWorld,
  didOf,
  freePort,
  seedOf,
  temporaryFolder,
  whenDone,
} from './support/authority-world.ts'

const refused = (code: string): unknown => expect.objectContaining({ code })

describe('GET /health', () => {
  test('tells that the process is alive', async () => {
    const world = await createWorld()
    const answer = await world.get('/health')
    expect([answer.status, answer.json]).toEqual([200, { status: 'ok' }])
  })
})

describe('GET /ready', () => {
  test('says yes when everything works', async () => {
    const world = await createWorld()
    const answer = await world.get('/ready')
    expect([answer.status, answer.json]).toEqual([
      200,
      { ready: true, database: true, heartbeat: true, replay: true },
    ])
  })

  test('says no when the heart stopped, and yes when it beats again', async () => {
    const world = await createWorld()
    world.clock.advance(31)
    const stopped = await world.get('/ready')
    expect([stopped.status, stopped.json.heartbeat, stopped.headers.get('retry-after')]).toEqual([
      503,
      false,
      '1',
    ])
    await world.beat()
    expect((await world.get('/ready')).status).toBe(200)
  })

  test('says no when the clock went back behind the last heartbeat', async () => {
    const world = await createWorld()
    world.clock.advance(-6)
    expect((await world.get('/ready')).json.heartbeat).toBe(true)
    world.clock.advance(-6)
    expect((await world.get('/ready')).json).toMatchObject({ ready: false, heartbeat: false })
  })

  test('says no as long as a new file of nonces cannot know what was signed before', async () => {
    const world = await createWorld()
    world.clock.advance((world.authority.readyAt - world.clock()) / 1000 - 1)
    expect((await world.get('/ready')).json).toMatchObject({ ready: false, replay: false })
  })

  test('says no when the database takes no writes', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'authority.db')
    const database = openDatabase(path)
    const clock = createTestClock()
    const authority = await createAuthority({
      database,
      noncesPath: join(folder, 'nonces.db'),
      issuerSeed: seedOf('authority'),
      origin: 'http://127.0.0.1:1',
      policy: ASK_ALWAYS,
      operators: [],
      clock,
      log: { info: () => {}, warn: () => {}, error: () => {} },
    })
    clock.advance(6)
    expect((await authority.app.request('/ready')).status).toBe(200)
    database.exec('pragma query_only = on')
    const answer = await authority.app.request('/ready')
    expect([answer.status, await answer.json()]).toEqual([503, expect.objectContaining({ database: false })])
    database.exec('pragma query_only = off')
    await authority.close()
  })
})

describe('starting', () => {
  const options = (folder: string) => ({
    databasePath: join(folder, 'authority.db'),
    issuerSeed: seedOf('authority'),
    origin: 'http://127.0.0.1:1',
    policy: ASK_ALWAYS,
    operators: [{ did: didOf('operator'), name: 'first operator' }],
    clock: createTestClock(),
    log: { info: () => {}, warn: () => {}, error: () => {} },
  })

  test('is refused for a database that is in use, with what to do', async () => {
    const folder = temporaryFolder()
    const first = await createAuthority(options(folder))
    await expect(createAuthority(options(folder))).rejects.toThrow(refused('database_in_use'))
    await expect(createAuthority(options(folder))).rejects.toThrow(/stop that one, or name another file/u)
    await first.close()
    const second = await createAuthority(options(folder))
    await second.close()
  })

  test('is refused for the database of another issuer', async () => {
    const folder = temporaryFolder()
    await (await createAuthority(options(folder))).close()
    const other = createAuthority({ ...options(folder), issuerSeed: seedOf('another authority') })
    await expect(other).rejects.toThrow(refused('database_foreign'))
    await (await createAuthority(options(folder))).close()
  })

  test.each([
    ['synchronous', 'off'],
    ['synchronous', 'normal'],
    ['journal_mode', 'delete'],
    ['foreign_keys', 'off'],
    ['locking_mode', 'normal'],
  ])('is refused with %s = %s, which could lose what was acknowledged', async (name, value) => {
    const folder = temporaryFolder()
    const database = new DatabaseSync(join(folder, 'authority.db'))
    database.exec('pragma journal_mode = wal')
    database.exec('pragma synchronous = full')
    database.exec('pragma foreign_keys = on')
    database.exec('pragma locking_mode = exclusive')
    database.exec(`pragma ${name} = ${value}`)
    const { databasePath, ...rest } = options(folder)
    expect(databasePath).toContain(folder)
    const started = createAuthority({ ...rest, database, noncesPath: join(folder, 'nonces.db') } as never)
    await expect(started).rejects.toThrow(refused('database_unsafe'))
    await expect(started).rejects.toThrow(name)
  })

  test('is refused with an operator that is no key, or an origin that is none', async () => {
    const folder = temporaryFolder()
    const noKey = createAuthority({ ...options(folder), operators: [{ did: 'did:key:zNo', name: 'x' }] })
    await expect(noKey).rejects.toThrow(refused('key_invalid'))
    const hidden = createAuthority({ ...options(folder), operators: [{ did: didOf('x'), name: '\u202E' }] })
    await expect(hidden).rejects.toThrow(refused('input_invalid'))
    await expect(createAuthority({ ...options(folder), origin: 'https://a.test/path' })).rejects.toThrow(
      TypeError,
    )
    await expect(createAuthority({ ...options(folder), origin: 'http://authority.test' })).rejects.toThrow(
      TypeError,
    )
    // None of these attempts keeps the file.
    await (await createAuthority(options(folder))).close()
  })

  test('needs to know where the nonces go when the database is open already', async () => {
    const folder = temporaryFolder()
    const { databasePath, ...rest } = options(folder)
    const started = createAuthority({ ...rest, database: openDatabase(databasePath) } as never)
    await expect(started).rejects.toThrow(TypeError)
  })

  test('again notes the operators and the policy only when they are new', async () => {
    const world = await createWorld()
    const same = await world.restart()
    const more = await same.restart({
      operators: [
        { did: didOf('operator'), name: 'first operator' },
        { did: didOf('second'), name: 'second' },
      ],
      policy: createPolicy('ask', 'forbid (principal, action, resource);'),
    })
    const events = await more.operator.client.listEvents()
    expect(events.map(({ type }) => type)).toEqual([
      'key_logged',
      'operator_created',
      'policy_loaded',
      'operator_created',
      'policy_loaded',
    ])
    expect(events[3]?.data).toEqual({ operator: didOf('second') })
  })

  test('tells when the address is taken', async () => {
    const world = await createWorld()
    const folder = temporaryFolder()
    const second = await createAuthority(options(folder))
    whenDone(() => second.close())
    const port = Number(new URL(world.origin).port)
    await expect(second.listen({ host: '127.0.0.1', port })).rejects.toThrow(/EADDRINUSE/u)
  })
})

describe('stopping', () => {
  test('answers what is under way, then takes nothing more', async () => {
    const world = await createWorld()
    const port = Number(new URL(world.origin).port)
    const slow = await startSlowRequest(port)
    const closed = world.authority.close()
    await expect(fetch(`${world.origin}/health`)).rejects.toThrow()
    expect(await slow.finish()).toBe(401)
    await closed
  })

  test('does not wait for ever for who never finishes', async () => {
    const port = await freePort()
    const http = createServer((_request, response) => response.write('begins and never ends'))
    await listen(http, { host: '127.0.0.1', port })
    const response = await fetch(`http://127.0.0.1:${port}`)
    await closeServer(http, 10)
    await expect(response.text()).rejects.toThrow()
  })

  test('calls off the heartbeat and the notices and waits for those under way before it closes the database', async () => {
    const order: string[] = []
    const world = await createWorld({
      repeat: (run) => async () => {
        await run()
        order.push('the last run is done')
      },
    })
    await world.authority.close().then(() => order.push('closed'))
    expect(order).toEqual(['the last run is done', 'the last run is done', 'closed'])
    expect(world.log.filter((line) => line.includes('failed'))).toEqual([])
  })

  test('leaves everything in the one file', async () => {
    const world = await createWorld()
    await world.agent.client.createRequest(ASKED)
    await world.authority.close()
    const alone = new DatabaseSync(world.databasePath, { readOnly: true })
    expect(alone.prepare('select count(*) as count from requests').get()).toEqual({ count: 1 })
    alone.close()
  })

  test('twice is the same as once', async () => {
    const world = await createWorld()
    await Promise.all([world.authority.close(), world.authority.close()])
    await world.authority.close()
  })

  test('without ever having listened works too', async () => {
    const folder = temporaryFolder()
    const authority = await createAuthority({
      databasePath: join(folder, 'authority.db'),
      issuerSeed: seedOf('authority'),
      origin: `http://127.0.0.1:${await freePort()}`,
      policy: ASK_ALWAYS,
      operators: [],
      log: { info: () => {}, warn: () => {}, error: () => {} },
    })
    await authority.close()
  })
})

describe('the server', () => {
  test('answers what is no HTTP with a code and a Request-Id', async () => {
    const world = await createWorld()
    const answer = await sendRaw(world.origin, 'GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1\.1 400 /u)
    expect(answer).toMatch(/\r\nRequest-Id: [0-9A-Z]{26}\r\n/u)
    expect(answer).toContain('"code":"request_malformed"')
  })

  test('answers headers without end with a code', async () => {
    const world = await createWorld()
    const answer = await sendRaw(
      world.origin,
      `GET /health HTTP/1.1\r\nHost: a\r\nX-Long: ${'x'.repeat(40_000)}\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 431 /u)
    expect(answer).toContain('"code":"header_too_large"')
  })

  test.each(['a b', '[::1', 'ａ', ''])('refuses a call to host %j, which is none', async (host) => {
    const world = await createWorld()
    const answer = await sendRaw(world.origin, `GET /health HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /u)
    expect(answer).toMatch(/\r\nrequest-id: [0-9A-Z]{26}\r\n/iu)
    expect(answer).toContain('"code":"request_malformed"')
  })

  test.each(['evil.test', '127.0.0.1:1'])('takes no signed call for %s', async (host) => {
    const world = await createWorld()
    const answer = await sendRaw(world.origin, `GET /events HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect(answer).toContain('"code":"target_mismatch"')
  })

  test.each(['evil.test', '127.0.0.1:1'])('never names itself %s, though called so', async (host) => {
    const world = await createWorld()
    const path = '/.well-known/behalf-authority'
    const answer = await sendRaw(world.origin, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 200 /u)
    expect(answer).toContain(world.origin)
    expect(answer).not.toContain(host)
  })
})

function sendRaw(origin: string, text: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let answer = ''
  const socket = connect(Number(new URL(origin).port), '127.0.0.1', () => socket.write(text))
  socket.on('data', (part) => {
    answer += part.toString('latin1')
    if (/\r\n\r\n./u.test(answer)) socket.end()
  })
  socket.on('close', () => resolve(answer)).on('error', reject)
  return promise
}

/** A request whose body is not complete yet. */
async function startSlowRequest(port: number): Promise<{ finish: () => Promise<number> }> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const call = request(
    { port, host: '127.0.0.1', method: 'POST', path: '/revocations', headers: { 'content-length': '2' } },
    (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    },
  )
  call.on('error', reject)
  await new Promise<void>((sent) => call.write('{', () => sent()))
  // The server has it once it answers on another connection that came later.
  await fetch(`http://127.0.0.1:${port}/health`).then((response) => response.text())
  return {
    finish: () => {
      call.end('}')
      return promise
    },
  }
}
