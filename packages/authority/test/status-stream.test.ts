import { createEd25519Signer, decodeUtf8, systemRandomBytes } from '@behalf/core'
import { parseCompactJws, parseDelegation } from '@behalf/credential'
import type { StatusListRecord } from '@behalf/issuer'
import { createStatusSource } from '@behalf/verifier'
import { describe, expect, test } from 'vitest'
import { createConfirmations } from '../src/status/confirmations.ts'
import { BATCH_MS, createStatusFeed, type StatusFeed, type StatusUpdate } from '../src/status/status-feed.ts'
import { createStatusStreams, DEFAULT_STREAM_LIMITS } from '../src/status/status-streams.ts'
import { ASKED, createWorld, seedOf, type World } from './support/authority-world.ts'

async function issue(world: World): Promise<string> {
  const { id } = await world.agent.client.createRequest(ASKED)
  await world.operator.client.approve(id, { version: 1 })
  return parseDelegation((await world.agent.client.collect(id)).delegation).id
}

const list = (number: number, version: number): StatusListRecord => ({
  number,
  purpose: 'revocation',
  version,
  jws: `list-${number}-${version}`,
  digest: '',
  signedAt: 0,
  validUntil: 0,
  allocated: 0,
  neededUntil: 0,
  changes: [],
})

const update = (sequence: number, ...lists: readonly StatusListRecord[]): StatusUpdate => ({
  publication: { epoch: 1, sequence, jws: `beat-${sequence}`, time: 0 },
  lists,
})

const listEvent = (name: string): string => `event: list\ndata: ${name}\n\n`
const beatEvent = (sequence: number): string =>
  `event: heartbeat\nid: ${sequence}\ndata: beat-${sequence}\n\n`

interface Listening {
  readonly feed: StatusFeed
  readonly told: string[]
  readonly missed: string
  readonly pauses: number[]
  readonly unsubscribe: () => void
  now: number
  /** The pause that was asked for is over. */
  readonly wake: () => void
}

function listen(before: readonly StatusUpdate[] = [], lastSequence?: number): Listening {
  const told: string[] = []
  const pauses: number[] = []
  let waiting: (() => void) | undefined
  const state = { now: 1000 }
  const feed = createStatusFeed({
    monotonicClock: () => state.now,
    setTimer: (run, milliseconds) => {
      pauses.push(milliseconds)
      waiting = run
      return () => {
        waiting = undefined
      }
    },
  })
  for (const one of before) {
    feed.publish(one)
    state.now += BATCH_MS
  }
  const write = (events: Uint8Array): void => void told.push(decodeUtf8(events))
  const { missed, unsubscribe } = feed.subscribe({ write, end: () => void told.push('end') }, lastSequence)
  const wake = (): void => {
    const run = waiting
    waiting = undefined
    run?.()
  }
  return Object.assign(state, { feed, told, pauses, missed: decodeUtf8(missed), unsubscribe, wake })
}

describe('the feed of what is published', () => {
  test('tells an update at once, its lists before its heartbeat', () => {
    const { feed, told, pauses } = listen()
    feed.publish(update(1, list(1, 1), list(2, 1)))
    expect(told).toEqual([listEvent('list-1-1') + listEvent('list-2-1') + beatEvent(1)])
    expect(pauses).toEqual([])
  })

  test('tells together what comes within 20 ms, each list once and the last heartbeat', () => {
    const listening = listen()
    const { feed, told, pauses, wake } = listening
    feed.publish(update(1, list(1, 1)))
    listening.now += 5
    feed.publish(update(2, list(1, 2)))
    feed.publish(update(3, list(2, 1)))
    feed.publish(update(4, list(1, 3)))
    expect([told.length, pauses]).toEqual([1, [15]])
    listening.now += 15
    wake()
    expect(told[1]).toBe(listEvent('list-1-3') + listEvent('list-2-1') + beatEvent(4))
    feed.publish(update(5))
    expect(pauses).toEqual([15, 20])
    listening.now += 20
    wake()
    expect(told[2]).toBe(beatEvent(5))
    listening.now += 20
    feed.publish(update(6))
    expect([told[3], pauses.length]).toEqual([beatEvent(6), 2])
  })

  test('leaves out a list that follows from what was told, by the changes that its heartbeat has', () => {
    const changed = (version: number, ...versions: readonly number[]): StatusListRecord => ({
      ...list(1, version),
      changes: versions.map((one) => ({ version: one, set: [one], cleared: [] })),
    })
    const listening = listen()
    const { feed, told } = listening
    const tell = (sequence: number, ...lists: readonly StatusListRecord[]): string | undefined => {
      feed.publish(update(sequence, ...lists))
      listening.now += BATCH_MS
      return told.at(-1)
    }
    // Who came before heard of no version.
    expect(tell(1, changed(4, 3, 4))).toBe(listEvent('list-1-4') + beatEvent(1))
    expect(tell(2, changed(5, 3, 4, 5))).toBe(beatEvent(2))
    expect(tell(3, changed(7, 6, 7))).toBe(beatEvent(3))
    expect(tell(4, changed(9, 9))).toBe(listEvent('list-1-9') + beatEvent(4))
    expect(tell(5, changed(10))).toBe(listEvent('list-1-10') + beatEvent(5))
    expect(tell(6, { ...changed(11, 11), purpose: 'suspension' })).toBe(listEvent('list-1-11') + beatEvent(6))
  })

  test('gives a newcomer the heartbeat, and one that comes back the lists it missed', () => {
    const before = [update(7, list(1, 1)), update(8, list(2, 1)), update(9, list(1, 2)), update(10)]
    expect(listen().missed).toBe('')
    expect(listen(before).missed).toBe(beatEvent(10))
    expect(listen(before, 8).missed).toBe(listEvent('list-1-2') + beatEvent(10))
    expect(listen(before, 7).missed).toBe(listEvent('list-1-2') + listEvent('list-2-1') + beatEvent(10))
    expect(listen(before, 10).missed).toBe(beatEvent(10))
    // Of what was before this process nothing is known, and nobody can have seen what is yet to come.
    for (const unknown of [0, 6, 11]) expect(listen(before, unknown).missed).toBe(beatEvent(10))
  })

  test('leaves lists to be fetched when they are large', () => {
    const large = { ...list(1, 2), jws: 'x'.repeat(262_145) }
    expect(listen([update(1), update(2, large)], 1).missed).toBe(beatEvent(2))
  })

  test('tells nobody who has called it off, and everybody else that it is over', () => {
    const { feed, told, unsubscribe } = listen()
    const other: string[] = []
    feed.subscribe({ write: () => undefined, end: () => void other.push('end') }, undefined)
    unsubscribe()
    feed.publish(update(1))
    feed.close()
    expect([told, other]).toEqual([[], ['end']])
  })
})

describe('streams', () => {
  const openStreams = (limits = {}) => {
    const feed = createStatusFeed({ monotonicClock: (() => (time += BATCH_MS)) satisfies () => number })
    let time = 0
    const confirmations = createConfirmations(systemRandomBytes)
    const streams = createStatusStreams({
      feed,
      confirmations,
      limits: { ...DEFAULT_STREAM_LIMITS, ...limits },
      pingSeconds: 60,
    })
    const open = (address = '::1') => streams.open({ address, lastSequence: undefined }).getReader()
    return { feed, open }
  }

  test('a reader that does not read is cut off, and nobody else', async () => {
    const { feed, open } = openStreams({ bufferBytes: 1000 })
    const [slow, quick] = [open(), open()]
    let read = 0
    for (let sequence = 1; sequence <= 40; sequence += 1) {
      feed.publish(update(sequence))
      const { value } = await quick.read()
      read += value?.length ?? 0
    }
    expect(read).toBeGreaterThan(1500)
    await expect(slow.read()).rejects.toThrow('too slow')
    await quick.cancel()
  })

  test('one address and all together have so many, and a place is free again when its reader goes', async () => {
    const { open, feed } = openStreams({ perAddress: 2, inTotal: 3 })
    const [first] = [open('a'), open('a')]
    expect(() => open('a')).toThrow(expect.objectContaining({ code: 'rate_limited' }))
    await first?.cancel()
    await first?.cancel()
    open('a')
    open('b')
    expect(() => open('c')).toThrow(expect.objectContaining({ code: 'rate_limited' }))
    feed.close()
    open('c')
    open('c')
    open('d')
    expect(() => open('e')).toThrow(expect.objectContaining({ code: 'rate_limited' }))
  })
})

describe('GET /status/stream', () => {
  interface Reading {
    readonly response: Response
    /** Everything up to and with this text. */
    readonly until: (text: string) => Promise<string>
    readonly ended: () => Promise<boolean>
    readonly stop: () => Promise<void>
  }

  async function read(world: World, headers: Record<string, string> = {}): Promise<Reading> {
    const response = await fetch(`${world.origin}/status/stream`, { headers })
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
    if (!reader) throw new Error('no stream')
    let text = ''
    return {
      response,
      until: async (wanted) => {
        for (;;) {
          const end = text.indexOf(wanted) + wanted.length
          if (end >= wanted.length) {
            const found = text.slice(0, end)
            text = text.slice(end)
            return found
          }
          const { value, done } = await reader.read()
          if (done) throw new Error(`the stream ended without ${wanted}`)
          text += value
        }
      },
      ended: async () => {
        for (;;) if ((await reader.read()).done) return true
      },
      stop: () => reader.cancel(),
    }
  }

  const readChanges = (line: string): unknown => {
    const { payload } = parseCompactJws(line.replace('data: ', ''), { maxBytes: 10_000 })
    const [list] = Array.isArray(payload['lists']) ? payload['lists'] : []
    return Object(list)['changes']
  }

  test('begins with the heartbeat and tells what was revoked, as it is served', async () => {
    const world = await createWorld()
    const delegation = await issue(world)
    const { response, until, stop } = await read(world)
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(response.headers.get('cache-control')).toBe('no-store')
    const before = (await world.get('/status/heartbeat')).text
    expect(await until('\n\n')).toMatch(/^event: subscriber\ndata: [\w-]{22}\n\n$/u)
    expect(await until('\n\n')).toMatch(new RegExp(`^event: heartbeat\nid: [0-9]+\ndata: ${before}\n\n$`))
    const reason = 'lost\n\nevent: heartbeat\ndata: a.b.c'
    await world.operator.client.revoke({ delegation }, 'lost')
    await world.operator.send({
      method: 'POST',
      path: '/revocations',
      body: JSON.stringify({ agent: world.party('other').did, reason }),
    })
    const heard = await until((await world.get('/status/heartbeat')).text)
    // What was revoked stands in the heartbeat, so no list is sent.
    expect(heard).not.toContain('event: list')
    expect(heard.match(/^data: \S+$/gmu)?.map(readChanges)).toContainEqual([
      { version: 2, set: [expect.any(Number)], cleared: [] },
    ])
    expect(heard).not.toContain('a.b.c')
    await stop()
  })

  test('gives one that comes back what it missed', async () => {
    const world = await createWorld()
    const delegation = await issue(world)
    const { sequence } = await world.published()
    await world.operator.client.revoke({ delegation })
    const { until, stop } = await read(world, { 'last-event-id': String(sequence) })
    const heartbeat = (await world.get('/status/heartbeat')).text
    expect(await until(heartbeat)).toContain((await world.get('/status/lists/1')).text)
    await stop()
    const bad = await read(world, { 'last-event-id': '1e9' })
    expect(await bad.until(heartbeat)).not.toContain('event: list')
    await bad.stop()
  })

  test('gives signs of life, and ends with the authority', async () => {
    const world = await createWorld({ pingSeconds: 0.01 })
    const { until, ended } = await read(world)
    await until(': still here\n\n')
    await until(': still here\n\n')
    const closing = world.authority.close()
    expect(await ended()).toBe(true)
    await closing
  })

  test('tells how many of its readers said that they hold a heartbeat, after it asked them', async () => {
    const world = await createWorld()
    const readers = [await read(world), await read(world)]
    const names = []
    for (const { until } of readers) {
      await until('event: subscriber\ndata: ')
      names.push((await until('\n\n')).trim())
    }
    expect(new Set(names).size).toBe(2)
    const count = async (sequence: number) =>
      (await world.operator.send({ path: `/status/confirmations?sequence=${sequence}` })).json
    const confirm = async (body: object) =>
      (
        await fetch(`${world.origin}/status/confirmations`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
      ).status
    const nobody = { connected: 0, confirmed: 0, apis: [] }
    expect(await count(7)).toEqual({ ...nobody, unproven: { connected: 2, confirmed: 0 } })
    for (const { until } of readers) await until('event: confirm\ndata: 7\n\n')
    expect(await confirm({ subscriber: names[0], sequence: 8 })).toBe(204)
    expect([await count(7), await count(9)]).toEqual([
      { ...nobody, unproven: { connected: 2, confirmed: 1 } },
      { ...nobody, unproven: { connected: 2, confirmed: 0 } },
    ])
    expect(await confirm({ subscriber: names[0], sequence: 3 })).toBe(204)
    expect(await count(8)).toMatchObject({ unproven: { connected: 2, confirmed: 1 } })
    expect(await confirm({ subscriber: 'somebody', sequence: 8 })).toBe(404)
    expect(await confirm({ subscriber: names[0], sequence: -1 })).toBe(422)
    for (const { stop } of readers) await stop()
    await expect
      .poll(async () => await count(7), { interval: 5 })
      .toMatchObject({ unproven: { connected: 0, confirmed: 0 } })
    expect(await confirm({ subscriber: names[0], sequence: 8 })).toBe(404)
  })

  test('is followed by verifiers, which know at once and say so when they are asked', async () => {
    const world = await createWorld()
    const delegation = await issue(world)
    const sources = [1, 2].map(() =>
      createStatusSource({
        issuers: [{ did: world.authority.issuerDid, url: `${world.origin}/status/heartbeat` }],
        stream: true,
        clock: world.clock,
      }),
    )
    await Promise.all(sources.map((source) => source.ready()))
    const { client } = world.operator
    const countConnected = async () => (await client.countConfirmations(1)).unproven.connected
    await expect.poll(countConnected, { interval: 5 }).toBe(2)
    const { sequence } = await client.revoke({ delegation })
    await expect
      .poll(() => client.countConfirmations(sequence), { interval: 5 })
      .toMatchObject({ connected: 0, unproven: { connected: 2, confirmed: 2 } })
    for (const source of sources) {
      expect(source.read(world.authority.issuerDid).sequence).toBeGreaterThanOrEqual(sequence)
      source.close()
    }
    await expect.poll(countConnected, { interval: 5 }).toBe(0)
  })

  test('is followed by APIs that count and are told of by name when they prove which they are, as long as they are registered', async () => {
    const world = await createWorld()
    const delegation = await issue(world)
    const { client } = world.operator
    const origins = ['https://issues.example', 'https://wiki.example']
    const [party, signer] = [world.party('api'), createEd25519Signer(seedOf('api'))]
    const { did } = await client.registerApi({ did: party.did, origins })
    const follow = (named: object) =>
      createStatusSource({
        issuers: [{ did: world.authority.issuerDid, url: `${world.origin}/status/heartbeat` }],
        stream: true,
        clock: world.clock,
        ...named,
      })
    // One process of the API, one that nobody registered, one without a key.
    const sources = [{ signer }, { signer: createEd25519Signer(seedOf('unknown')) }, {}].map(follow)
    await Promise.all(sources.map((source) => source.ready()))
    const { sequence } = await client.revoke({ delegation })
    await expect
      .poll(() => client.countConfirmations(sequence), { interval: 5 })
      .toEqual({
        connected: 1,
        confirmed: 1,
        apis: [{ did, origins, connected: 1, confirmed: 1 }],
        unproven: { connected: 2, confirmed: 2 },
      })
    // A second process of it that says nothing.
    const silent = await read(world)
    await silent.until('event: subscriber\ndata: ')
    const subscriber = (await silent.until('\n\n')).trim()
    const identify = (body: object, by = party) =>
      by.send({ method: 'POST', path: '/status/readers', body: JSON.stringify(body) })
    expect(await client.countConfirmations(sequence)).toMatchObject({
      connected: 1,
      confirmed: 1,
      unproven: { connected: 3, confirmed: 2 },
    })
    expect((await identify({ subscriber })).status).toBe(204)
    expect(await client.countConfirmations(sequence)).toEqual({
      connected: 2,
      confirmed: 1,
      apis: [{ did, origins, connected: 2, confirmed: 1 }],
      unproven: { connected: 2, confirmed: 2 },
    })
    expect((await identify({ subscriber }, world.party('stranger'))).code).toBe('forbidden')
    expect((await identify({ subscriber: 'nobody' })).code).toBe('not_found')
    expect((await identify({ subscriber, more: 1 })).code).toBe('input_invalid')
    await client.removeApi(did)
    expect(await client.countConfirmations(sequence)).toEqual({
      connected: 0,
      confirmed: 0,
      apis: [],
      unproven: { connected: 4, confirmed: 3 },
    })
    for (const source of sources) source.close()
    await silent.stop()
  })

  test('is refused beyond so many of one address', async () => {
    const world = await createWorld({ statusStreams: { perAddress: 2 } })
    const open = [await read(world), await read(world)]
    const { status, code, headers } = await world.get('/status/stream')
    expect([status, code, headers.has('retry-after')]).toEqual([429, 'rate_limited', true])
    for (const { stop } of open) await stop()
  })
})
