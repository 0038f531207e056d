import { systemRandomBytes } from '@behalf/core'
import { beforeEach, describe, expect, test } from 'vitest'
import { closeDatabase, prepareDatabase } from '../src/authority-database.ts'
import type { AuthorityDatabase } from '../src/database-schema.ts'
import { openDatabase } from '../src/index.ts'
import { findDue } from '../src/notices/find-due.ts'
import { queueNotices } from '../src/notices/queue-notices.ts'
import { retryDelay } from '../src/notices/retry-schedule.ts'
import { insertTarget } from '../src/notices/target-rows.ts'
import { createPersonRows } from '../src/people/person-rows.ts'
import { didOf, START, temporaryFolder, whenDone } from './support/authority-world.ts'

const ALICE = { id: 'alice', name: 'Alice', roles: ['approver'], userHandle: 'h', createdAt: START } as const
const options = { now: START, random: systemRandomBytes }

let database: AuthorityDatabase
beforeEach(async () => {
  const raw = openDatabase(`${temporaryFolder()}/authority.db`)
  database = await prepareDatabase(raw, { issuer: didOf('authority') as `did:key:${string}`, now: START })
  whenDone(() => closeDatabase(database))
  await createPersonRows(database).insert(ALICE)
  await insertTarget(database, {
    id: 'hook',
    person: 'alice',
    kind: 'webhook',
    address: 'https://receiver.test/',
    events: ['request.waiting'],
    createdAt: START,
  })
})

const waiting = (about: string) => ({ type: 'request.waiting', about, persons: ['alice'], data: {} }) as const
const due = (except: readonly string[] = []) => findDue(database, { now: START, except, limit: 9 })

describe('the outbox', () => {
  test('holds a notice once for each target, and hands it out when its target is free', async () => {
    expect(await queueNotices(database, [waiting('a'), waiting('a')], options)).toBe(1)
    expect(await due()).toMatchObject([{ target: { id: 'hook' }, notice: { type: 'request.waiting' } }])
    expect(await due(['hook'])).toEqual([])
  })

  test('holds at most a thousand for one target', async () => {
    const notices = Array.from({ length: 1001 }, (_, index) => waiting(String(index)))
    expect(await queueNotices(database, notices, options)).toBe(1000)
    expect(await queueNotices(database, [waiting('one more')], options)).toBe(0)
  })

  test('has nothing for whoever is disabled, nor hands out what waited', async () => {
    expect(await queueNotices(database, [waiting('before')], options)).toBe(1)
    await createPersonRows(database).save({ ...ALICE, disabledAt: START })
    expect(await queueNotices(database, [waiting('after')], options)).toBe(0)
    expect(await due()).toEqual([])
  })
})

test('a target is left alone for longer each time, up to four hours, a quarter more or less', () => {
  const delays = (byte: number) =>
    [1, 2, 3, 8, 9, 50].map((failures) => retryDelay(failures, () => Uint8Array.of(byte)) / 1000)
  expect(delays(0)).toEqual([3.75, 11.25, 33.75, 8201.25, 10_800, 10_800])
  expect(delays(255)).toEqual([6.25, 18.75, 56.25, 13_668.75, 18_000, 18_000])
})
