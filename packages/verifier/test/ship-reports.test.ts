import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEd25519Signer, decodeUtf8 } from '@behalf/core'
import type { VerifierError } from '@behalf/verifier'
import { openVerifierDatabase, type VerifierDatabase } from '@behalf/verifier/sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AuditRecord } from '../src/audit-sink.ts'
import {
  type AuditShipper,
  type AuditShipperOptions,
  createAuditShipper,
} from '../src/create-audit-shipper.ts'
import { problem, refusing } from './support/refusing-authority.ts'
import { createTestTimers } from './support/test-timers.ts'

const NOW = Date.UTC(2026, 10, 28, 12, 0, 0)
const signer = createEd25519Signer(new Uint8Array(32).fill(3))

let folder: string
let database: VerifierDatabase
let faults: { readonly fault: VerifierError; readonly requestId: string | undefined }[]
/** The records of each call. */
let sent: (readonly string[])[]
/** What the authority has on record. */
let taken: string[]
let timers: ReturnType<typeof createTestTimers>
/** Answers instead of taking the records. */
let answer: (ids: readonly string[]) => Response | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'behalf-ship-'))
  database = openVerifierDatabase(join(folder, 'verifier.db'))
  ;[faults, sent, taken] = [[], [], []]
  answer = () => undefined
})

afterEach(() => {
  database.close()
  rmSync(folder, { recursive: true })
})

function start(more: Partial<AuditShipperOptions> = {}): AuditShipper {
  timers = createTestTimers()
  return createAuditShipper({
    authority: 'https://authority.test',
    signer,
    outbox: database.auditOutbox,
    clock: () => NOW,
    fetch: async (_, { body }) => {
      const { records } = JSON.parse(decodeUtf8(body)) as { records: { request_id: string }[] }
      const ids = records.map(({ request_id: id }) => id)
      sent.push(ids)
      const refusal = answer(ids)
      if (refusal === undefined) taken.push(...ids)
      return refusal ?? new Response('{}')
    },
    setTimer: timers.setTimer,
    reportFault: (fault, requestId) => faults.push({ fault, requestId }),
    ...more,
  })
}

const record = (requestId: string, decision: AuditRecord['decision'] = 'accepted'): AuditRecord => ({
  time: NOW,
  requestId,
  decision,
  code: decision === 'accepted' ? 'ok' : 'signature_missing',
})

const recordAll = (shipper: AuditShipper, ids: readonly string[]): void => {
  for (const id of ids) void shipper.record(record(id))
}

/** What is due happens, and what follows from it: nothing is being sent any more. */
async function ship(shipper: AuditShipper): Promise<void> {
  timers.run()
  const isAtRest = (): boolean => shipper.waiting() === 0 || faults.some(({ fault }) => isWaiting(fault))
  await expect.poll(isAtRest, { interval: 1 }).toBe(true)
}

const isWaiting = ({ message }: VerifierError): boolean => message.includes('does not take')

const numbered = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `r${at}`)

describe('one record that the authority refuses', () => {
  test.each([
    ['for its origin', problem(422, { code: 'input_invalid', field: 'records.0.origin', title: 'Not so' })],
    ['for its JSON', problem(422, { code: 'input_invalid', field: 'body' })],
    ['for its length', problem(413, { code: 'request_too_large' })],
    ['for its length, as a proxy says it', () => new Response('<html>', { status: 413 })],
    ['for its path, as a proxy says it', () => new Response('<html>', { status: 403 })],
    ['in words of its own', problem(400, { code: 'something_new' })],
  ])('%s is found, set aside and told; all others are shipped', async (_, refuse) => {
    const shipper = start()
    recordAll(shipper, numbered(100))
    answer = refusing(['r37', 'r38'], refuse)
    await ship(shipper)
    expect(taken.toSorted()).toEqual(
      numbered(100)
        .filter((id) => id !== 'r37' && id !== 'r38')
        .toSorted(),
    )
    expect(new Set(taken).size).toBe(98)
    expect([shipper.waiting(), shipper.setAside(), shipper.dropped()]).toEqual([0, 2, 0])
    expect(faults.map(({ requestId }) => requestId)).toEqual(['r37', 'r38'])
    expect(faults.map(({ fault }) => [fault.code, fault.fault])).toEqual([
      ['audit_unavailable', true],
      ['audit_unavailable', true],
    ])
    // Halves: not a call for each of the others.
    expect(sent.filter((ids) => ids.length > 0).length).toBeLessThan(30)
  })

  test('is told with code, member and words of the authority, on one line', async () => {
    const shipper = start()
    recordAll(shipper, ['a'])
    const told = {
      code: 'input_invalid',
      field: 'records.0.origin',
      title: 'Not\nso',
      detail: 'd'.repeat(400),
    }
    answer = refusing(['a'], problem(422, told))
    await ship(shipper)
    expect(faults[0]?.fault.cause).toEqual(
      new Error(
        `the authority answered with 422 input_invalid (records.0.origin): Not so: ${'d'.repeat(300)}`,
      ),
    )
  })

  test('is kept over a restart, and sent again when it is wanted, and by itself never', async () => {
    const shipper = start()
    recordAll(shipper, ['a', 'b', 'c'])
    answer = refusing(['b'], problem(422, { code: 'input_invalid', field: 'records.0.origin' }))
    await ship(shipper)
    await shipper.close()
    database.close()
    database = openVerifierDatabase(join(folder, 'verifier.db'))
    answer = () => undefined
    const next = start()
    recordAll(next, ['d'])
    await ship(next)
    expect([taken, next.setAside()]).toEqual([['a', 'c', 'd'], 1])
    expect(next.sendAgain()).toBe(1)
    expect([next.setAside(), next.waiting(), next.sendAgain()]).toEqual([0, 1, 0])
    await ship(next)
    expect(taken).toEqual(['a', 'c', 'd', 'b'])
  })

  test('is not done when its record had to be there before', async () => {
    const shipper = start({ recordBeforeAct: true })
    answer = refusing(['bad'], problem(422, { code: 'input_invalid', field: 'records.0.origin' }))
    const outcomes = await Promise.allSettled(
      ['first', 'bad', 'good'].map(async (id) => shipper.record(record(id))),
    )
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(taken.toSorted()).toEqual(['first', 'good'])
    expect(shipper.setAside()).toBe(1)
  })
})

describe('an authority that refuses whatever an API sends', () => {
  test.each([
    ['it is not registered', problem(403, { code: 'forbidden' })],
    ['its clock is wrong', problem(401, { code: 'signature_expired' })],
    ['its key was revoked', problem(401, { code: 'key_revoked' })],
    ['the address is another one', () => new Response('<html>', { status: 404 })],
    ['a proxy wants something', () => new Response('<html>', { status: 403 })],
    ['what it says of itself is not read', problem(422, { code: 'input_invalid', field: 'content-type' })],
    ['too much is called a problem', problem(403, { code: 'forbidden', detail: 'd'.repeat(20_000) })],
  ])('because %s is waited for, and nothing is set aside', async (_, refuse) => {
    const shipper = start()
    recordAll(shipper, numbered(10))
    answer = refuse
    await ship(shipper)
    expect([shipper.waiting(), shipper.setAside(), taken]).toEqual([10, 0, []])
    // All of them, and the list without reports that tells what it is about.
    expect(sent).toEqual([numbered(10), []])
    answer = () => undefined
    faults = []
    await ship(shipper)
    expect([shipper.waiting(), taken]).toEqual([0, numbered(10)])
  })

  test.each([408, 425, 429, 500, 503])('with %i is only not ready yet', async (status) => {
    const shipper = start()
    recordAll(shipper, numbered(10))
    answer = problem(status, { code: 'input_invalid', field: 'records.0.origin' })
    await ship(shipper)
    expect([shipper.waiting(), shipper.setAside(), sent]).toEqual([10, 0, [numbered(10)]])
  })

  test('is told with its own words', async () => {
    const shipper = start()
    recordAll(shipper, ['a'])
    answer = problem(403, { code: 'forbidden', title: 'Not allowed' })
    await ship(shipper)
    expect(faults[0]?.fault.cause).toEqual(
      new Error('the authority answered with 403 forbidden: Not allowed'),
    )
  })

  test('in the middle of a search keeps what was not sent yet', async () => {
    const shipper = start()
    recordAll(shipper, numbered(8))
    const refuse = refusing(['r1'], problem(422, { code: 'input_invalid', field: 'records.0.origin' }))
    answer = (ids) => (sent.length > 4 ? new Response(null, { status: 503 }) : refuse(ids))
    await ship(shipper)
    // 8, 4, 2, r0, and then r1 was not told any more.
    expect([taken, shipper.waiting(), shipper.setAside()]).toEqual([['r0'], 7, 0])
    answer = refuse
    faults = []
    await ship(shipper)
    expect([taken, shipper.waiting(), shipper.setAside()]).toEqual([
      numbered(8).filter((id) => id !== 'r1'),
      0,
      1,
    ])
  })
})

describe('what was set aside', () => {
  const refuse = problem(422, { code: 'input_invalid', field: 'records.0.origin' })

  test('has a bound: the oldest refusals go and are counted, what was accepted never does', async () => {
    const shipper = start({ maxSetAside: 2 })
    void shipper.record(record('refusal 1', 'refused'))
    recordAll(shipper, ['accepted 1', 'accepted 2'])
    answer = (ids) => (ids.length === 0 ? undefined : refuse())
    await ship(shipper)
    expect([shipper.waiting(), shipper.setAside(), shipper.dropped()]).toEqual([0, 2, 1])
    recordAll(shipper, ['accepted 3'])
    await ship(shipper)
    expect([shipper.waiting(), shipper.setAside()]).toEqual([1, 2])
    expect(String(faults.at(-1)?.fault.cause)).toContain('no room')
    expect(shipper.sendAgain()).toBe(2)
    answer = () => undefined
    faults = []
    await ship(shipper)
    expect(taken).toEqual(['accepted 3', 'accepted 1', 'accepted 2'])
  })

  test('is a number above zero', () => {
    expect(() => start({ maxSetAside: 0 })).toThrow(TypeError)
  })
})
