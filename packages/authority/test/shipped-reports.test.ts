import { join } from 'node:path'
import { createEd25519Signer } from '@behalf/core'
import { encodeDidKey } from '@behalf/did'
import { type AuditRecord, type AuditShipper, createAuditShipper, type VerifierError } from '@behalf/verifier'
import { openVerifierDatabase } from '@behalf/verifier/sqlite'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { createWorld, type World } from './support/authority-world.ts'
import { readEntries } from './support/read-log.ts'

const signer = createEd25519Signer(new Uint8Array(32).fill(41))

let world: World
let faults: (readonly [message: string, requestId: string | undefined])[]
beforeEach(async () => {
  world = await createWorld()
  faults = []
})

const register = (origins: readonly string[]) =>
  world.operator.send({
    method: 'POST',
    path: '/apis',
    body: JSON.stringify({ did: encodeDidKey(signer.publicKey), origins }),
  })

function start(): AuditShipper {
  const database = openVerifierDatabase(join(world.folder, 'verifier.db'))
  const shipper = createAuditShipper({
    authority: world.origin,
    signer,
    outbox: database.auditOutbox,
    clock: world.clock,
    reportFault: ({ cause, message }: VerifierError, requestId) =>
      faults.push([cause instanceof Error ? cause.message : message, requestId]),
  })
  onTestFinished(async () => {
    await shipper.close()
    database.close()
  })
  return shipper
}

const record = (requestId: string, origin: string, path = '/issues/7'): AuditRecord => ({
  time: world.clock(),
  requestId,
  decision: 'accepted',
  code: 'ok',
  method: 'GET',
  origin,
  path,
})

const arrived = async (): Promise<readonly unknown[]> =>
  (await readEntries(world.operator, '')).flatMap(({ record: entry }) => entry['request_id'] ?? [])

describe('an API that ships to this authority', () => {
  test('has all but the records of an origin that is not registered on record, and those when it is', async () => {
    await register(['https://api.test'])
    const shipper = start()
    const ids = Array.from({ length: 20 }, (_, at) => `r${at}`)
    for (const id of ids)
      void shipper.record(record(id, id === 'r7' ? 'https://new.test' : 'https://api.test'))
    await expect.poll(() => shipper.waiting(), { interval: 5 }).toBe(0)
    expect(await arrived()).toEqual(ids.filter((id) => id !== 'r7'))
    expect(shipper.setAside()).toBe(1)
    expect(faults).toEqual([
      [expect.stringMatching(/422 input_invalid \(records\.0\.origin\): Input not acceptable/u), 'r7'],
    ])
    await register(['https://api.test', 'https://new.test'])
    expect(shipper.sendAgain()).toBe(1)
    await expect.poll(() => shipper.waiting(), { interval: 5 }).toBe(0)
    expect((await arrived()).at(-1)).toBe('r7')
    expect([shipper.setAside(), faults.length]).toEqual([0, 1])
  })

  test('keeps the one record that is too long for it apart, and no other', async () => {
    await register(['https://api.test'])
    const shipper = start()
    for (const [id, length] of [
      ['a', 1],
      ['b', 4_200_000],
      ['c', 1],
    ] as const) {
      void shipper.record(record(id, 'https://api.test', '/'.repeat(length)))
    }
    await expect.poll(() => shipper.waiting(), { interval: 5 }).toBe(0)
    expect([await arrived(), shipper.setAside()]).toEqual([['a', 'c'], 1])
    expect(faults).toEqual([[expect.stringContaining('413 request_too_large'), 'b']])
  })

  test('waits with everything until an operator registers it', async () => {
    const shipper = start()
    for (const id of ['a', 'b', 'c']) void shipper.record(record(id, 'https://api.test'))
    await expect.poll(() => faults, { interval: 5 }).not.toEqual([])
    expect([shipper.waiting(), shipper.setAside()]).toEqual([3, 0])
    expect(faults[0]).toEqual([expect.stringContaining('403 forbidden: Not allowed'), undefined])
    await register(['https://api.test'])
    await expect.poll(() => shipper.waiting(), { interval: 5 }).toBe(0)
    expect([await arrived(), shipper.setAside()]).toEqual([['a', 'b', 'c'], 0])
  })
})
