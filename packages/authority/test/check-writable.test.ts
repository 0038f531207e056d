import { statSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { prepareDatabase } from '../src/authority-database.ts'
import { type CheckWritable, createCheckWritable } from '../src/check-writable.ts'
import { openDatabase } from '../src/index.ts'
import { didOf, START, temporaryFolder, whenDone } from './support/authority-world.ts'

interface Disk {
  readonly check: CheckWritable
  readonly raw: DatabaseSync
  /** Bytes of what was committed and not yet written back. */
  readonly committed: () => number
  passed: number
  free: number | undefined
}

async function createDisk(): Promise<Disk> {
  const path = join(temporaryFolder(), 'authority.db')
  const raw = openDatabase(path)
  whenDone(() => raw.close())
  const database = await prepareDatabase(raw, { issuer: didOf('authority'), now: START })
  const state = { passed: 0, free: 1_048_576 as number | undefined }
  const check = createCheckWritable({
    database,
    files: [null, path],
    monotonicClock: () => state.passed,
    freeBytes: async (file) => (file === path ? state.free : 0),
  })
  return Object.assign(state, { check, raw, committed: () => statSync(`${path}-wal`).size })
}

describe('whether an authority can write', () => {
  test('is no at once where the disk is full, and yes where it is not any more', async () => {
    const disk = await createDisk()
    expect(await disk.check()).toBe(true)
    disk.free = 1_048_575
    expect(await disk.check()).toBe(false)
    disk.free = 1_048_576
    expect(await disk.check()).toBe(true)
  })

  test('does not hang on a system that cannot tell', async () => {
    const disk = await createDisk()
    disk.free = undefined
    expect(await disk.check()).toBe(true)
  })

  test('is tried by a commit at most once in five seconds', async () => {
    const disk = await createDisk()
    const before = disk.committed()
    await disk.check()
    const after = disk.committed()
    expect(after).toBeGreaterThan(before)
    expect(after - before).toBeLessThan(20_000)
    disk.passed = 4999
    await disk.check()
    expect(disk.committed()).toBe(after)
    disk.passed = 5000
    await disk.check()
    expect(disk.committed()).toBeGreaterThan(after)
  })

  test('is no where a commit fails, and tried again by the next question', async () => {
    const disk = await createDisk()
    disk.raw.exec('pragma query_only = on')
    expect(await disk.check()).toBe(false)
    disk.raw.exec('pragma query_only = off')
    const before = disk.committed()
    expect(await disk.check()).toBe(true)
    expect(disk.committed()).toBeGreaterThan(before)
  })

  test('asks the system for the disk of a file, and no disk for a file that is not there', async () => {
    const { raw } = await createDisk()
    const database = await prepareDatabase(raw, { issuer: didOf('authority'), now: START })
    const check = createCheckWritable({
      database,
      files: [raw.location(), '/nothing/is/here'],
      monotonicClock: () => 0,
    })
    expect(await check()).toBe(true)
  })
})
