import type { ListChange } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import {
  createStatusSource,
  type Fetch,
  type PollingStatusSource,
  type StatusSourceOptions,
  VerifierError,
} from '../src/index.ts'
import { issuer, otherIssuer } from './support/agents.ts'
import { LIST_URL, NOW } from './support/chain.ts'
import {
  HEARTBEAT_URL,
  type ManualTimer,
  makeStatusServer,
  makeTimer,
  type StatusServer,
} from './support/status-server.ts'

const STREAM_URL = 'https://authority.test/status/stream'
const CONFIRM_URL = 'https://authority.test/status/confirmations'
const QUIET_MS = 20_000
const POLL_MS = 5000

/** One opened stream, as the server sees it. */
interface ServedStream {
  readonly lastEventId: string | undefined
  /** Sends text. */
  readonly send: (text: string) => void
  readonly end: () => void
  readonly isCancelled: () => boolean
}

interface Setup {
  readonly server: StatusServer
  readonly streams: ServedStream[]
  readonly source: PollingStatusSource
  readonly timer: ManualTimer
  readonly news: string[]
  /** Sends what the server published last: its list where one is wanted, and its heartbeat. */
  readonly push: (options?: { readonly list?: boolean }) => Promise<void>
  readonly stream: () => ServedStream
  /** Bodies of confirmations. */
  readonly confirmed: string[]
  answerStream: () => Response | undefined
  now: number
}

async function setUp(changes: Partial<StatusSourceOptions> = {}): Promise<Setup> {
  const server = makeStatusServer()
  await server.publishList({ revoked: [7] })
  await server.publishHeartbeat()
  const timer = makeTimer()
  const streams: ServedStream[] = []
  const news: string[] = []
  const setup: Pick<Setup, 'answerStream' | 'now'> = { now: NOW, answerStream: () => undefined }
  const confirmed: string[] = []
  const fetch: Fetch = async (url, init) => {
    if (url === CONFIRM_URL) {
      confirmed.push(`${init.method} ${init.body}`)
      return new Response(null, { status: 204 })
    }
    if (url !== STREAM_URL) return server.fetch(url, init)
    return setup.answerStream() ?? openStream(streams, init)
  }
  const source = createStatusSource({
    issuers: [{ did: issuer.did, url: HEARTBEAT_URL }],
    stream: true,
    fetch,
    clock: () => setup.now,
    setTimer: timer.setTimer,
    random: (length) => new Uint8Array(length),
    reportFault: () => undefined,
    ...changes,
  })
  source.onChange((did) => void news.push(did))
  const stream = (): ServedStream => streams.at(-1) ?? expect.fail('no stream was opened')
  const textOf = async (url: string): Promise<string> =>
    (await (server.answers.get(url)?.() ?? Response.error())).text()
  const push: Setup['push'] = async ({ list = true } = {}) => {
    if (list) stream().send(`event: list\ndata: ${await textOf(LIST_URL)}\n\n`)
    const heartbeat = await textOf(HEARTBEAT_URL)
    const { sequence } = JSON.parse(Buffer.from(heartbeat.split('.')[1] ?? '', 'base64url').toString())
    stream().send(`event: heartbeat\nid: ${sequence}\ndata: ${heartbeat}\n\n`)
    await settle()
  }
  await source.ready()
  await settle()
  return Object.assign(setup, { server, streams, source, timer, news, confirmed, push, stream })
}

function openStream(streams: ServedStream[], { signal, headers }: Parameters<Fetch>[1]): Response {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>()
  const writer = writable.getWriter()
  let isCancelled = false
  const cancel = (): void => {
    isCancelled = true
    writer.abort(new Error('aborted')).catch(() => undefined)
  }
  signal.addEventListener('abort', cancel)
  streams.push({
    lastEventId: headers['last-event-id'],
    send: (text) => void writer.write(new TextEncoder().encode(text)).catch(() => undefined),
    end: () => void writer.close(),
    isCancelled: () => isCancelled,
  })
  return new Response(readable, { headers: { 'content-type': 'text/event-stream; charset=utf-8' } })
}

function read(source: PollingStatusSource): number | string {
  try {
    return source.read(issuer.did).sequence
  } catch (error) {
    if (error instanceof VerifierError) return error.code
    throw error
  }
}

const isRevoked = (source: PollingStatusSource, index: number): boolean | undefined =>
  source.read(issuer.did).lists(LIST_URL)?.isSet(index)

/** Everything that waits for nothing outside this process has happened. */
async function settle(): Promise<void> {
  for (let round = 0; round < 20; round += 1) await new Promise(setImmediate)
}

describe('a status source with a stream', () => {
  test('believes what is pushed at once, without asking', async () => {
    const { source, server, push, news } = await setUp()
    await push()
    const asked = server.asked.length
    news.splice(0)
    await server.publishList({ version: 2, revoked: [7, 8] })
    await server.publishHeartbeat()
    await push()
    expect([read(source), isRevoked(source, 8), server.asked.length]).toEqual([2, true, asked])
    expect(news).toEqual([issuer.did])
  })

  test('asks no more while the stream brings what is fresh, and again when it does not', async () => {
    const setup = await setUp()
    const { source, server, timer, push } = setup
    await push()
    const asked = server.asked.length
    timer.fire(POLL_MS)
    await settle()
    expect(server.asked.length).toBe(asked)
    setup.now = NOW + 15_001
    await server.publishHeartbeat({ now: setup.now })
    timer.fire(POLL_MS)
    await settle()
    expect([read(source), server.asked.length]).toEqual([2, asked + 1])
  })

  test('asks as ever as long as there is no stream', async () => {
    const setup = await setUp()
    for (const answer of [
      () => new Response('no', { status: 404 }),
      () => Response.json({}, { status: 200 }),
      () => new Response('', { status: 429, headers: { 'content-type': 'text/event-stream' } }),
    ]) {
      setup.answerStream = answer
      setup.stream().end()
      await settle()
      const asked = setup.server.asked.length
      setup.timer.fire(50)
      await settle()
      setup.timer.fire(POLL_MS)
      await settle()
      expect(setup.server.asked.length).toBe(asked + 1)
      setup.answerStream = () => undefined
      setup.timer.fire(50)
      await settle()
    }
    expect(setup.streams).toHaveLength(4)
  })

  test('becomes ready by what is pushed when asking failed', async () => {
    const server = makeStatusServer()
    await server.publishHeartbeat()
    const heartbeat = await (await (server.answers.get(HEARTBEAT_URL)?.() ?? Response.error())).text()
    const source = createStatusSource({
      issuers: [{ did: issuer.did, url: HEARTBEAT_URL }],
      stream: true,
      fetch: async (url) =>
        url === STREAM_URL
          ? new Response(`event: heartbeat\nid: 1\ndata: ${heartbeat}\n\n`, {
              headers: { 'content-type': 'text/event-stream' },
            })
          : Response.error(),
      clock: () => NOW,
      setTimer: makeTimer().setTimer,
      reportFault: () => undefined,
    })
    await source.ready()
    expect(read(source)).toBe(1)
    source.close()
  })

  test('follows an address of its own, which must be safe', async () => {
    const streamUrl = 'https://push.test/stream'
    const asked: string[] = []
    const setup = await setUp()
    const source = createStatusSource({
      issuers: [{ did: issuer.did, url: HEARTBEAT_URL, streamUrl }],
      stream: true,
      fetch: (url, init) => {
        asked.push(url)
        return url === streamUrl ? Promise.resolve(Response.error()) : setup.server.fetch(url, init)
      },
      clock: () => NOW,
      setTimer: makeTimer().setTimer,
    })
    await source.ready()
    await settle()
    expect(asked).toContain(streamUrl)
    const unsafe = [{ did: issuer.did, url: HEARTBEAT_URL, streamUrl: 'http://push.test/stream' }]
    expect(() => createStatusSource({ issuers: unsafe })).toThrow(TypeError)
  })

  test('is heard no more once it was closed', async () => {
    const { source, streams, timer, push } = await setUp()
    await push()
    source.close()
    await settle()
    expect([streams[0]?.isCancelled(), timer.pending]).toEqual([true, []])
  })
})

describe('a heartbeat that tells what was changed', () => {
  const change = (version: number, set: readonly number[], cleared: readonly number[] = []): ListChange => ({
    version,
    set,
    cleared,
  })

  test('takes the place of the list, which is neither sent nor asked for', async () => {
    const { source, server, push } = await setUp()
    await push()
    const asked = server.asked.length
    await server.publishList({ version: 2, revoked: [8] })
    await server.publishHeartbeat({ changes: [change(2, [8], [7])] })
    await push({ list: false })
    expect([read(source), isRevoked(source, 7), isRevoked(source, 8)]).toEqual([2, false, true])
    await server.publishHeartbeat()
    await push({ list: false })
    expect([read(source), server.asked.length]).toEqual([3, asked])
  })

  test('mends what got lost on the way, as far as it goes back', async () => {
    const { source, server, push } = await setUp()
    await push()
    const asked = server.asked.length
    await server.publishList({ version: 3, revoked: [7, 8, 9] })
    await server.publishHeartbeat({ changes: [change(2, [8]), change(3, [9])] })
    await push({ list: false })
    expect([read(source), isRevoked(source, 8), server.asked.length]).toEqual([1 + 1, true, asked])
    await server.publishList({ version: 5, revoked: [7, 8, 9, 10, 11] })
    await server.publishHeartbeat({ changes: [change(5, [11])] })
    const before = server.answers.get(LIST_URL)
    server.answers.set(LIST_URL, () => Response.error())
    await push({ list: false })
    expect(read(source)).toBe('status_stale')
    server.answers.set(LIST_URL, before ?? (() => Response.error()))
    await source.poll()
    expect([read(source), isRevoked(source, 10)]).toEqual([3, true])
  })

  test('about an entry that is not there is not believed', async () => {
    const { source, server, push, streams } = await setUp()
    await push()
    await server.publishList({ version: 2, revoked: [8] })
    await server.publishHeartbeat({ changes: [change(2, [131_072])] })
    server.answers.set(LIST_URL, () => Response.error())
    await push({ list: false })
    expect([read(source), streams.at(-1)?.isCancelled()]).toEqual([1, true])
  })

  test('does not prolong a list that has ended', async () => {
    const setup = await setUp()
    const { source, server, push } = setup
    await server.publishList({ version: 2, revoked: [7], validUntil: NOW + 20_000 })
    await server.publishHeartbeat()
    await push()
    setup.now = NOW + 20_000
    await server.publishList({ version: 3, revoked: [7, 8] })
    server.answers.set(LIST_URL, () => Response.error())
    await server.publishHeartbeat({ now: setup.now, changes: [change(3, [8])] })
    await push({ list: false })
    expect(read(source)).toBe('status_stale')
  })
})

describe('a stream that asks what is held', () => {
  const asking = async ({ stream }: Setup, ...events: string[]): Promise<void> => {
    for (const event of events) stream().send(event)
    await settle()
  }
  const NAMED = 'event: subscriber\ndata: me\n\n'
  const ask = (sequence: number | string): string => `event: confirm\ndata: ${sequence}\n\n`

  test('is answered once that or something later is held, and not before', async () => {
    const setup = await setUp()
    await setup.push()
    await asking(setup, ask(1), NAMED, ask(2), ask('x'))
    expect(setup.confirmed).toEqual([])
    await asking(setup, ask(1))
    expect(setup.confirmed).toEqual(['POST {"sequence":1,"subscriber":"me"}'])
    await setup.server.publishHeartbeat()
    await setup.push()
    await asking(setup, ask(1), ask(2))
    expect(setup.confirmed.slice(1)).toEqual([
      'POST {"sequence":2,"subscriber":"me"}',
      'POST {"sequence":2,"subscriber":"me"}',
    ])
  })

  test('is not answered while a list is missing', async () => {
    const setup = await setUp()
    await setup.push()
    await setup.server.publishList({ version: 2, revoked: [8] })
    await setup.server.publishHeartbeat()
    setup.server.answers.set(LIST_URL, () => Response.error())
    await setup.push({ list: false })
    await asking(setup, NAMED, ask(1))
    expect(setup.confirmed).toEqual([])
  })
})

describe('a stream that is opened again', () => {
  test('is asked for what was missed, after a pause that chance and failure make longer', async () => {
    let chance = 0
    const setup = await setUp({ random: (length) => new Uint8Array(length).fill(chance) })
    await setup.push()
    chance = 128
    setup.stream().end()
    await settle()
    setup.timer.fire(50 + 500)
    await settle()
    expect(setup.stream().lastEventId).toBe('1')
    const pauses = []
    setup.answerStream = () => Response.error()
    setup.stream().end()
    for (let failure = 0; failure < 8; failure += 1) {
      await settle()
      const [pause = 0] = setup.timer.pending
        .map(({ milliseconds }) => milliseconds)
        .filter((milliseconds) => milliseconds !== POLL_MS)
      pauses.push(pause)
      setup.timer.fire(pause)
    }
    expect(pauses).toEqual([1050, 2050, 4050, 8050, 15_050, 15_050, 15_050, 15_050])
  })

  test('is given up when nothing comes on it, and any byte is a sign of life', async () => {
    const setup = await setUp()
    await setup.push()
    setup.stream().send(': still here\n\n')
    await settle()
    expect(setup.timer.pending.filter(({ milliseconds }) => milliseconds === QUIET_MS)).toHaveLength(1)
    setup.timer.fire(QUIET_MS)
    await settle()
    expect(setup.streams[0]?.isCancelled()).toBe(true)
    setup.timer.fire(50)
    await settle()
    expect(setup.streams).toHaveLength(2)
  })

  test('is given up when an event is larger than any can be', async () => {
    const setup = await setUp()
    setup.stream().send(`event: list\ndata: ${'x'.repeat(2_097_153)}`)
    await settle()
    expect(setup.streams[0]?.isCancelled()).toBe(true)
  })
})

describe('a gap in the stream', () => {
  test('leaves nothing believed until what is missing was fetched', async () => {
    const { source, server, push, news } = await setUp()
    await push()
    await server.publishList({ version: 2, revoked: [7, 8] })
    await server.publishHeartbeat()
    const list = server.answers.get(LIST_URL) ?? (() => Response.error())
    const arrived = Promise.withResolvers<void>()
    server.answers.set(LIST_URL, async () => {
      await arrived.promise
      return list()
    })
    news.splice(0)
    await push({ list: false })
    expect([read(source), news]).toEqual(['status_stale', [issuer.did]])
    arrived.resolve()
    await settle()
    expect([read(source), isRevoked(source, 8)]).toEqual([2, true])
  })

  test('is not closed by an answer that is older than what was announced', async () => {
    const { source, server, push, timer, stream } = await setUp()
    await push()
    const older = server.answers.get(HEARTBEAT_URL) ?? (() => Response.error())
    await server.publishList({ version: 2, revoked: [8] })
    await server.publishHeartbeat()
    const newer = server.answers.get(HEARTBEAT_URL) ?? (() => Response.error())
    const heartbeat = await (await newer()).text()
    const list = server.answers.get(LIST_URL) ?? (() => Response.error())
    // A cache has the heartbeat of before, and not its list any more.
    server.answers.set(HEARTBEAT_URL, older)
    server.answers.set(LIST_URL, () => Response.error())
    stream().send(`event: heartbeat\nid: 2\ndata: ${heartbeat}\n\n`)
    await settle()
    expect(read(source)).toBe('status_stale')
    server.answers.set(HEARTBEAT_URL, newer)
    server.answers.set(LIST_URL, list)
    timer.fire(POLL_MS)
    await settle()
    expect([read(source), isRevoked(source, 8)]).toEqual([2, true])
  })
})

describe('what a stream says is refused', () => {
  test.each<[string, (server: StatusServer) => Promise<unknown>]>([
    ['of another issuer', (server) => server.publishHeartbeat({ signer: otherIssuer })],
    [
      'under a forged signature',
      (server) => server.publishHeartbeat({ signer: { ...issuer, signer: otherIssuer.signer } }),
    ],
    ['of earlier', (server) => server.publishHeartbeat({ sequence: 0 })],
    [
      'with lists elsewhere',
      async (server) => {
        await server.publishList({ id: 'https://evil.test/lists/1' })
        await server.publishHeartbeat()
      },
    ],
    ['that is none', async (server) => server.answers.set(HEARTBEAT_URL, () => new Response('a.e30.c'))],
  ])('a heartbeat %s: it is not heard any more, and the issuer is asked', async (_title, publish) => {
    const { source, server, push, streams, timer } = await setUp()
    await push()
    const honest = server.answers.get(HEARTBEAT_URL) ?? (() => Response.error())
    await publish(server)
    const asked = server.asked.length
    const pushed = push()
    await settle()
    server.answers.set(HEARTBEAT_URL, honest)
    await pushed
    expect([streams[0]?.isCancelled(), server.asked.length > asked]).toEqual([true, true])
    server.answers.set(HEARTBEAT_URL, honest)
    await source.poll()
    expect(read(source)).toBe(1)
    timer.fire(50)
    await settle()
    expect(streams).toHaveLength(2)
  })

  test('a list alone changes nothing, whoever signed it', async () => {
    const { source, server, push, stream } = await setUp()
    await push()
    await server.publishList({ version: 2, revoked: [8] })
    const jws = await (await (server.answers.get(LIST_URL)?.() ?? Response.error())).text()
    stream().send(`event: list\ndata: ${jws}\n\n`)
    await settle()
    expect([read(source), isRevoked(source, 8)]).toEqual([1, false])
  })
})
