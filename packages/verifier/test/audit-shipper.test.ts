import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEd25519Signer, decodeUtf8 } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { createKeyRequestVerifier, createMemoryReplayStore, type VerifierError } from '@behalf/verifier'
import { openVerifierDatabase, type VerifierDatabase } from '@behalf/verifier/sqlite'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import {
  type AuditOutcome,
  type AuditRecord,
  type AuditShipper,
  type AuditShipperOptions,
  createAuditShipper,
} from '../src/index.ts'

const AUTHORITY = 'https://authority.test'
const NOW = Date.UTC(2026, 10, 28, 12, 0, 0)
const signer = createEd25519Signer(new Uint8Array(32).fill(3))

interface Sent {
  readonly url: string
  readonly headers: Record<string, string>
  readonly body: Uint8Array
  readonly ids: readonly string[]
}

let folder: string
let database: VerifierDatabase
let sent: Sent[]
let timers: { run: () => void; milliseconds: number }[]
let faults: VerifierError[]
/** What the authority answers next; then 200. */
let answers: (number | 'silence' | 'down')[]

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-shipper-'))
  database = openVerifierDatabase(join(folder, 'verifier.db'))
  sent = []
  timers = []
  faults = []
  answers = []
})

afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

function start(more: Partial<AuditShipperOptions> = {}): AuditShipper {
  return createAuditShipper({
    authority: AUTHORITY,
    signer,
    outbox: database.auditOutbox,
    clock: () => NOW,
    fetch: async (url, { headers, body }) => {
      const { records } = JSON.parse(decodeUtf8(body)) as { records: { request_id: string }[] }
      sent.push({ url, headers, body, ids: records.map(({ request_id: id }) => id) })
      const answer = answers.shift() ?? 200
      if (answer === 'down') throw new TypeError('fetch failed')
      if (answer === 'silence') return new Promise(() => undefined)
      return new Response('{}', { status: answer })
    },
    setTimer: (run, milliseconds) => {
      const timer = { run, milliseconds }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    reportFault: (fault) => faults.push(fault),
    ...more,
  })
}

const record = (requestId: string, decision: AuditRecord['decision'] = 'accepted'): AuditRecord => ({
  time: NOW,
  requestId,
  decision,
  code: decision === 'accepted' ? 'ok' : 'signature_missing',
})

/** Lets the time pass that is waited for, and what follows from it happen. */
async function tick(): Promise<void> {
  for (const { run } of timers.splice(0)) run()
  await settle()
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

const idsSent = (): readonly (readonly string[])[] => sent.map(({ ids }) => ids)

describe('a shipper of records', () => {
  test('sends what is recorded together, in order, signed by its key', async () => {
    const shipper = start()
    for (const id of ['a', 'b', 'c']) void shipper.record(record(id))
    expect([shipper.waiting(), sent.length]).toEqual([3, 0])
    await tick()
    expect([shipper.waiting(), idsSent()]).toEqual([0, [['a', 'b', 'c']]])
    const guard = createKeyRequestVerifier({
      origins: [AUTHORITY],
      clock: () => NOW,
      replayStore: createMemoryReplayStore({ clock: () => NOW - 60_000 }),
    })
    const [{ headers, body }] = sent as [Sent]
    const fields = Object.entries({
      ...headers,
      host: 'authority.test',
      'content-length': String(body.length),
    })
    const { agent } = await guard.verify({ method: 'POST', target: '/audit/records', headers: fields, body })
    expect(agent).toBe(encodeDidKey(signer.publicKey))
  })

  test('keeps what the authority does not take, and sends it again, later and later', async () => {
    answers = ['down', 503, 403]
    const shipper = start()
    void shipper.record(record('a'))
    const waits: number[] = []
    for (let attempt = 0; attempt < 4; attempt += 1) {
      waits.push(timers[0]?.milliseconds ?? 0)
      await tick()
    }
    expect(waits).toEqual([20, 250, 500, 1000])
    // To one who refuses, a list without reports is sent, too.
    expect(idsSent()).toEqual([['a'], ['a'], ['a'], [], ['a']])
    expect(shipper.waiting()).toBe(0)
    expect(faults.map(({ code }) => code)).toEqual([
      'audit_unavailable',
      'audit_unavailable',
      'audit_unavailable',
    ])
  })

  test('gives an authority that does not answer up', async () => {
    answers = ['silence']
    const shipper = start({ timeoutSeconds: 7 })
    void shipper.record(record('a'))
    await tick()
    expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([7000])
    await tick()
    expect(shipper.waiting()).toBe(1)
    await tick()
    expect(shipper.waiting()).toBe(0)
  })

  test('sends after a restart what it could not send before', async () => {
    answers = ['down']
    const shipper = start()
    void shipper.record(record('a'))
    await tick()
    await shipper.close()
    database.close()
    database = openVerifierDatabase(join(folder, 'verifier.db'))
    start()
    await tick()
    expect(idsSent()).toEqual([['a'], ['a']])
    expect(database.auditOutbox.size()).toBe(0)
  })

  test('sends at most a thousand at once', async () => {
    const shipper = start()
    for (let number = 0; number < 1003; number += 1)
      database.auditOutbox.add(`{"request_id":"${number}"}`, true)
    await tick()
    expect(idsSent().map(({ length }) => length)).toEqual([1000, 3])
    expect(shipper.waiting()).toBe(0)
  })

  test('sends at most so many bytes at once, and what is larger alone', async () => {
    const report = (id: string, length: number): string =>
      JSON.stringify({ request_id: id, path: 'x'.repeat(length) })
    for (const [id, length] of [
      ['a', 2_000_000],
      ['b', 1_500_000],
      ['c', 3_100_000],
      ['d', 1],
    ] as const) {
      database.auditOutbox.add(report(id, length), true)
    }
    start()
    await tick()
    expect(idsSent()).toEqual([['a'], ['b'], ['c'], ['d']])
  })

  test('drops and counts the oldest refusals when there is no room, never what was accepted', async () => {
    const shipper = start({ maxWaiting: 3 })
    void shipper.record(record('accepted 1'))
    void shipper.record(record('refused 1', 'refused'))
    void shipper.record(record('refused 2', 'observed'))
    void shipper.record(record('accepted 2'))
    void shipper.record(record('refused 3', 'refused'))
    expect(shipper.dropped()).toBe(2)
    void shipper.record(record('accepted 3'))
    expect(() => shipper.record(record('accepted 4'))).toThrow(/full/u)
    void shipper.record(record('refused 4', 'refused'))
    expect(shipper.dropped()).toBe(4)
    await tick()
    expect(idsSent()).toEqual([['accepted 1', 'accepted 2', 'accepted 3']])
  })

  test('waits for one timer, however many come, and for none once it sends or is closed', async () => {
    const shipper = start()
    expect(timers).toHaveLength(1)
    void shipper.record(record('a'))
    void shipper.record(record('b', 'refused'))
    expect(timers).toHaveLength(1)
    answers = ['silence']
    for (const { run } of timers.splice(0)) run()
    void shipper.record(record('c'))
    // That of the answer alone, which is set once the body is signed.
    await settle()
    expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([5000])
    await tick()
    void shipper.close()
    expect(timers).toEqual([])
    void shipper.record(record('d'))
    expect(timers).toEqual([])
  })

  test('rests when all is sent', async () => {
    const shipper = start()
    void shipper.record(record('a'))
    await tick()
    expect([shipper.waiting(), timers]).toEqual([0, []])
  })

  test('sends what came while the last was being sent', async () => {
    const shipper = start()
    const { auditOutbox } = database
    const taken: string[] = []
    const late = start({
      outbox: {
        ...auditOutbox,
        add: (text, isAccepted) => auditOutbox.add(text, isAccepted),
        remove: (upTo) => auditOutbox.remove(upTo),
        dropRefusal: () => auditOutbox.dropRefusal(),
        size: () => auditOutbox.size(),
        // It comes right after the look that finds nothing more.
        first: (...bounds) => {
          const found = auditOutbox.first(...bounds)
          if (found.length === 0 && taken.length === 0) {
            taken.push('b')
            void late.record(record('b'))
          }
          return found
        },
      },
    })
    await shipper.close()
    void late.record(record('a'))
    await tick()
    expect(timers.map(({ milliseconds }) => milliseconds)).toEqual([20])
    await tick()
    expect([idsSent(), timers]).toEqual([[['a'], ['b']], []])
  })

  test('tells what went wrong, as a fault of its own', async () => {
    answers = ['down']
    const shipper = start()
    void shipper.record(record('a'))
    await tick()
    expect(faults).toMatchObject([
      { code: 'audit_unavailable', fault: true, cause: new TypeError('fetch failed') },
    ])
  })

  test('has bounds, and an origin to send to', () => {
    expect(() => start({ maxWaiting: 0 })).toThrow(TypeError)
    expect(() => start({ timeoutSeconds: Number.NaN })).toThrow(TypeError)
    expect(() => start({ authority: 'https://authority.test/' })).toThrow(TypeError)
    expect(() => start({ authority: 'http://authority.test' })).toThrow(TypeError)
  })
})

describe('recording before acting', () => {
  test('waits until the authority has it', async () => {
    answers = ['silence']
    const shipper = start({ recordBeforeAct: true })
    let isKept = false
    const first = Promise.resolve(shipper.record(record('a'))).catch((error: Error) => error.message)
    const second = Promise.resolve(shipper.record(record('b'))).then(() => {
      isKept = true
    })
    second.catch(() => undefined)
    await settle()
    expect([idsSent(), isKept]).toEqual([[['a']], false])
    await tick()
    expect(await first).toMatch(/in time/u)
  })

  test('sends at once, and goes on when it is there', async () => {
    const shipper = start({ recordBeforeAct: true })
    await shipper.record(record('a'))
    expect([idsSent(), shipper.waiting()]).toEqual([[['a']], 0])
    await Promise.all([shipper.record(record('b')), shipper.record(record('c'))])
    expect(idsSent().flat()).toEqual(['a', 'b', 'c'])
  })

  test('fails at once when the authority cannot be reached; the record is sent later', async () => {
    answers = ['down']
    const shipper = start({ recordBeforeAct: true })
    await expect(shipper.record(record('a'))).rejects.toThrow('fetch failed')
    expect(shipper.waiting()).toBe(1)
    await shipper.record(record('b'))
    expect(idsSent()).toEqual([['a'], ['a', 'b']])
  })

  test('does not hold up a refusal', () => {
    const shipper = start({ recordBeforeAct: true })
    expect(shipper.record(record('a', 'refused'))).toBeUndefined()
  })

  test('is told of its own record alone, not of one that is sent later', async () => {
    const shipper = start({ recordBeforeAct: true })
    const long = 'x'.repeat(2_000_000)
    const done: string[] = []
    const first = Promise.resolve(shipper.record({ ...record('a'), method: long })).then(() => done.push('a'))
    answers = [200, 'silence']
    const second = Promise.resolve(shipper.record({ ...record('b'), method: long })).then(
      () => done.push('b'),
      () => done.push('b failed'),
    )
    await first
    await settle()
    expect(done).toEqual(['a'])
    await tick()
    await second
    expect(done).toEqual(['a', 'b failed'])
  })

  test('fails when it is closed', async () => {
    answers = ['silence']
    const shipper = start({ recordBeforeAct: true })
    const kept = Promise.resolve(shipper.record(record('a')))
    const outcome = kept.catch((error: Error) => error.message)
    await settle()
    const closed = shipper.close()
    await tick()
    await closed
    expect(await outcome).toBeTypeOf('string')
  })
})

describe('outcomes', () => {
  const outcome = (requestId: string, status?: number): AuditOutcome => ({
    time: NOW,
    requestId,
    isCutOff: status === undefined,
    ...(status !== undefined && { status }),
  })

  test('of a moment are put on disk together and sent behind what was recorded before', async () => {
    const shipper = start()
    const addAll = vi.spyOn(database.auditOutbox, 'addAll')
    void shipper.record(record('a'))
    shipper.recordOutcome?.({ ...outcome('a', 200), origin: 'https://api.test', root: 'urn:uuid:1' })
    shipper.recordOutcome?.(outcome('b'))
    expect([shipper.waiting(), database.auditOutbox.size()]).toEqual([3, 1])
    await tick()
    await tick()
    expect(addAll).toHaveBeenCalledTimes(1)
    expect([shipper.waiting(), idsSent().flat()]).toEqual([0, ['a', 'a', 'b']])
    const { records } = JSON.parse(decodeUtf8(sent.at(-1)?.body ?? new Uint8Array())) as {
      records: unknown[]
    }
    expect(records.slice(-2)).toEqual([
      {
        time: new Date(NOW).toISOString(),
        request_id: 'a',
        decision: 'answered',
        origin: 'https://api.test',
        status: 200,
        root: 'urn:uuid:1',
      },
      { time: new Date(NOW).toISOString(), request_id: 'b', decision: 'answered', cut_off: true },
    ])
  })

  test('are sent without anything else, again when the authority does not take them', async () => {
    answers = ['down']
    const shipper = start()
    await tick()
    shipper.recordOutcome?.(outcome('a', 200))
    for (let turn = 0; turn < 3; turn += 1) await tick()
    expect([shipper.waiting(), idsSent()]).toEqual([0, [['a'], ['a']]])
  })

  test('are kept over a restart once they are on disk, which they are when it is closed', async () => {
    const shipper = start()
    shipper.recordOutcome?.(outcome('a', 200))
    await shipper.close()
    shipper.recordOutcome?.(outcome('b', 200))
    expect([database.auditOutbox.size(), shipper.dropped()]).toEqual([1, 1])
    const next = start()
    for (let turn = 0; turn < 3; turn += 1) await tick()
    expect([next.waiting(), idsSent()]).toEqual([0, [['a']]])
  })

  test('give way to records: there is room for them only while there is', async () => {
    const shipper = start({ maxWaiting: 2 })
    void shipper.record(record('a'))
    shipper.recordOutcome?.(outcome('b', 200))
    shipper.recordOutcome?.(outcome('c', 200))
    await shipper.close()
    expect([database.auditOutbox.size(), shipper.dropped()]).toEqual([2, 1])
    const other = start({ maxWaiting: 2 })
    void other.record(record('d'))
    expect([database.auditOutbox.size(), other.dropped()]).toEqual([2, 1])
    const kept = database.auditOutbox.first(9, 9999).map(({ text }) => JSON.parse(text).request_id)
    expect(kept).toEqual(['a', 'd'])
  })

  test('that cannot be kept are told, and cost nobody anything', async () => {
    const shipper = start()
    vi.spyOn(database.auditOutbox, 'addAll').mockImplementation(() => {
      throw new Error('disk full')
    })
    shipper.recordOutcome?.(outcome('a', 200))
    await tick()
    expect(faults.map(({ code }) => code)).toEqual(['audit_unavailable'])
    expect([shipper.waiting(), shipper.dropped()]).toEqual([0, 1])
  })

  test('are not asked for by who does not want them', () => {
    expect(Object.keys(start({ outcomes: false }))).not.toContain('recordOutcome')
    expect(Object.keys(start())).toContain('recordOutcome')
  })
})
