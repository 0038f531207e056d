import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '@behalf/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type FileLock, withFileLock } from '../src/file-lock.ts'
import { expectRefusal } from './support/expect-refusal.ts'

let folder = ''
let path = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'behalf-lock-'))
  path = join(folder, 'wallet.age.lock')
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

const noWait = async (): Promise<void> => undefined

async function report(): Promise<string> {
  return 'ran'
}

function deadProcessId(): number {
  const { pid } = spawnSync(process.execPath, ['--version'])
  return pid
}

async function ageLock(seconds: number): Promise<void> {
  const time = new Date(systemClock() - seconds * 1000)
  await utimes(path, time, time)
}

describe('a file lock', () => {
  test('is held while the work runs and gone afterwards', async () => {
    const names = await withFileLock(path, () => readdir(folder))
    expect(names).toEqual(['wallet.age.lock'])
    expect(await readdir(folder)).toEqual([])
  })

  test('is gone after work that fails, too', async () => {
    const failure = new Error('no')
    await expect(withFileLock(path, () => Promise.reject(failure))).rejects.toBe(failure)
    expect(await readdir(folder)).toEqual([])
  })

  test('lets one holder in at a time', async () => {
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await readdir(folder)
      await readdir(folder)
      inside -= 1
    }
    await Promise.all(
      Array.from({ length: 20 }, () => withFileLock(path, work, { wait: () => readdir(folder).then() })),
    )
    expect(most).toBe(1)
    expect(await readdir(folder)).toEqual([])
  })

  test('gives up on a living holder', async () => {
    const waits: number[] = []
    const wait = async (milliseconds: number): Promise<void> => {
      waits.push(milliseconds)
    }
    await writeFile(path, `other ${process.pid} ${hostname()}`)
    await expectRefusal(withFileLock(path, report, { wait }), 'keystore_locked')
    expect(waits.reduce((sum, milliseconds) => sum + milliseconds, 0)).toBe(90_000)
    expect(await readFile(path, 'utf8')).toContain('other')
  })
})

describe('a stale lock', () => {
  test('of a dead process on this host is taken over at once', async () => {
    await writeFile(path, `other ${deadProcessId()} ${hostname()}`)
    expect(await withFileLock(path, report, { wait: noWait })).toBe('ran')
    expect(await readdir(folder)).toEqual([])
  })

  test('of another host is taken over after a minute, not before', async () => {
    await writeFile(path, `other ${deadProcessId()} some-other-host`)
    await ageLock(55)
    await expectRefusal(withFileLock(path, report, { wait: noWait }), 'keystore_locked')
    await ageLock(61)
    expect(await withFileLock(path, report, { wait: noWait })).toBe('ran')
  })

  test('that is empty, because its writer lost power, is taken over after a minute', async () => {
    await writeFile(path, '')
    await expectRefusal(withFileLock(path, report, { wait: noWait }), 'keystore_locked')
    await ageLock(61)
    expect(await withFileLock(path, report, { wait: noWait })).toBe('ran')
  })

  test('of a process number that lives again is taken over after a minute', async () => {
    await writeFile(path, `other ${process.pid} ${hostname()}`)
    await ageLock(61)
    expect(await withFileLock(path, report, { wait: noWait })).toBe('ran')
  })

  test('that became a living one between two looks stays', async () => {
    await writeFile(path, 'other 1 some-other-host')
    await ageLock(61)
    // Asked after the age of the old lock was read, and before that lock would be removed.
    const clock = (): number => {
      writeFileSync(path, `living ${process.pid} ${hostname()}`)
      return systemClock()
    }
    await expectRefusal(withFileLock(path, report, { wait: noWait, clock }), 'keystore_locked')
    expect(await readFile(path, 'utf8')).toContain('living')
  })

  test('is left to the process that is removing it already, unless that one died', async () => {
    await writeFile(path, `other ${deadProcessId()} ${hostname()}`)
    await writeFile(`${path}.takeover`, 'another')
    await expectRefusal(withFileLock(path, report, { wait: noWait }), 'keystore_locked')
    const time = new Date(systemClock() - 61_000)
    await utimes(`${path}.takeover`, time, time)
    expect(await withFileLock(path, report, { wait: noWait })).toBe('ran')
    expect(await readdir(folder)).toEqual([])
  })

  test('is taken over by many at once without two of them inside together', async () => {
    await writeFile(path, `other ${deadProcessId()} ${hostname()}`)
    let inside = 0
    let most = 0
    const work = async (): Promise<void> => {
      inside += 1
      most = Math.max(most, inside)
      await readdir(folder)
      inside -= 1
    }
    await Promise.all(Array.from({ length: 20 }, () => withFileLock(path, work)))
    expect(most).toBe(1)
  })
})

describe('a lock that was taken over from its holder', () => {
  const stealAnd = async (step: (lock: FileLock) => Promise<void>): Promise<void> => {
    await withFileLock(path, async (lock) => {
      await writeFile(path, 'thief 1 some-other-host')
      await step(lock)
    })
  }

  test('is noticed before the commit', async () => {
    await expectRefusal(
      stealAnd((lock) => lock.assertHeld()),
      'keystore_locked',
    )
  })

  test('is not released for the new holder', async () => {
    await stealAnd(noWait)
    expect(await readFile(path, 'utf8')).toContain('thief')
  })

  test('is held until then', async () => {
    await withFileLock(path, (lock) => lock.assertHeld())
  })
})
