import { truncateSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { parseDelegation } from '@behalf/credential'
import { describe, expect, test } from 'vitest'
import { type Authority, createAuthority, openDatabase } from '../src/index.ts'
import {
  ALICE,
  APPROVE_ENROLLED,
  ASKED,
  createParty,
  createTestClock,
  didOf,
  freePort,
  type Party,
  READ_ISSUES,
  seedOf,
  type TestClock,
  temporaryFolder,
  whenDone,
} from './support/authority-world.ts'

interface Fragile {
  readonly folder: string
  readonly authority: Authority
  readonly database: DatabaseSync
  readonly operator: Party
  readonly agent: Party
  readonly clock: TestClock
  readonly log: string[]
}

/** An authority over a database that the test can break. */
async function createFragile(): Promise<Fragile> {
  const folder = temporaryFolder()
  const database = openDatabase(join(folder, 'authority.db'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const clock = createTestClock()
  const log: string[] = []
  const note = (facts: object, message: string): void => void log.push(JSON.stringify({ ...facts, message }))
  const authority = await createAuthority({
    database,
    noncesPath: join(folder, 'nonces.db'),
    issuerSeed: seedOf('authority'),
    origin,
    policy: APPROVE_ENROLLED,
    operators: [{ did: didOf('operator'), name: 'first operator' }],
    clock,
    log: { info: () => {}, warn: note, error: note },
    repeat: () => async () => {},
  })
  whenDone(() => authority.close())
  await authority.listen({ host: '127.0.0.1', port })
  clock.advance(6)
  const [operator, agent] = [createParty('operator', origin, clock), createParty('agent', origin, clock)]
  const terms = { agent: agent.did, onBehalfOf: ALICE, capabilities: READ_ISSUES, maxSeconds: 600 }
  await operator.client.enrol(terms)
  return { folder, authority, database, operator, agent, clock, log }
}

/** What a full disk does: the file may not grow any more. */
function fillDisk(database: DatabaseSync): void {
  const { page_count } = database.prepare('pragma page_count').get() ?? {}
  database.exec(`pragma max_page_count = ${Number(page_count)}`)
}

function freeDisk(database: DatabaseSync): void {
  database.exec('pragma max_page_count = 1000000')
}

const internal = expect.objectContaining({ code: 'internal_error', status: 500 })

describe('a full disk', () => {
  test('stops what would have to be written, with no half of it left, and nothing when it is free again', async () => {
    const { database, agent, operator } = await createFragile()
    const before = (await operator.client.listEvents()).length
    fillDisk(database)
    const answers = new Set<string>()
    // Some fit into what was allocated before; in the end none does.
    for (let count = 0; count < 40; count += 1) {
      const answer = await agent.client.createRequest(ASKED).then(
        ({ status }) => status,
        (error: unknown) => error,
      )
      if (typeof answer !== 'string') {
        expect(answer).toEqual(internal)
        answers.add('refused')
        break
      }
      answers.add(answer)
    }
    expect(answers).toContain('refused')
    freeDisk(database)
    const { id, status } = await agent.client.createRequest(ASKED)
    expect(status).toBe('approved')
    await expect(agent.client.collect(id)).resolves.toHaveProperty('delegation')
    const events = await operator.client.listEvents()
    expect(events.length).toBeGreaterThan(before)
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => index + 1))
    const delegations = await operator.client.listDelegations()
    const issued = events.filter(({ type }) => type === 'issued')
    expect(issued).toHaveLength(delegations.length)
  })
})

describe('a database that takes no writes', () => {
  test('acknowledges nothing, says that it is not ready, and has lost nothing once it takes them again', async () => {
    const { database, agent, operator, authority, log } = await createFragile()
    const { id } = await agent.client.createRequest(ASKED)
    const { delegation } = await agent.client.collect(id)
    const delegationId = parseDelegation(delegation).id
    database.exec('pragma query_only = on')
    await expect(operator.client.revoke({ delegation: delegationId })).rejects.toThrow(internal)
    await expect(agent.client.createRequest(ASKED)).rejects.toThrow(internal)
    await expect(authority.issuer.heartbeat()).rejects.toThrow('readonly')
    expect((await authority.app.request('/ready')).status).toBe(503)
    expect((await authority.app.request('/health')).status).toBe(200)
    expect(log.length).toBeGreaterThan(0)
    database.exec('pragma query_only = off')
    await expect(agent.client.collect(id)).resolves.toMatchObject({ delegation })
    await operator.client.revoke({ delegation: delegationId })
    await expect(operator.client.listDelegations()).resolves.toMatchObject([{ status: 'revoked' }])
    const revoked = (await operator.client.listEvents()).filter(({ type }) => type === 'delegation_revoked')
    expect(revoked).toHaveLength(1)
  })

  test('tells nobody why', async () => {
    const { database, operator } = await createFragile()
    database.exec('pragma query_only = on')
    const body = JSON.stringify({ agent: didOf('other') })
    const answer = await operator.send({ method: 'POST', path: '/revocations', body })
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([500, expect.stringMatching(/^\d+$/u)])
    expect(answer.text).not.toMatch(/sqlite|readonly|database/iu)
    database.exec('pragma query_only = off')
  })
})

/** What a disk that loses what it was given does: the log of the database is shorter than what was written to it. */
function loseLog({ database, folder }: Fragile): void {
  database.exec('pragma cache_size = 1')
  truncateSync(join(folder, 'authority.db-wal'), 0)
}

describe('a disk that fails', () => {
  test('ends it: nothing is acknowledged, told or tried again, and whoever runs it learns why', async () => {
    const fragile = await createFragile()
    const { database, agent, authority } = fragile
    const { id } = await agent.client.createRequest(ASKED)
    loseLog(fragile)
    const unsigned = await authority.app.request('/status/heartbeat')
    expect([unsigned.status, await unsigned.json()]).toMatchObject([503, { code: 'storage_failed' }])
    expect(authority.failure.aborted).toBe(true)
    expect(authority.failure.reason).toMatchObject({ code: 'storage_failed', cause: { errcode: 522 } })
    // The disk is well again, and is not believed.
    database.exec('pragma cache_size = 2000')
    await expect(agent.client.collect(id)).rejects.toThrow(
      expect.objectContaining({ code: 'replay_store_unavailable', status: 503 }),
    )
    await expect(authority.issuer.heartbeat()).rejects.toMatchObject({ code: 'storage_failed' })
    expect((await authority.app.request('/ready')).status).toBe(503)
    await authority.close()
  })
})
