import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, describe, expect, test } from 'vitest'
import { createMemoryReplayStore, type NonceClaim, type ReplayStore } from '../src/index.ts'
import { openVerifierDatabase } from '../src/sqlite.ts'

const START = Date.UTC(2026, 11, 1, 12)
const folder = mkdtempSync(join(tmpdir(), 'behalf-replay-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
/** The path of a file that is not there yet. */
const newFile = (): string => join(folder, `${++files}.db`)

type Opened = ReplayStore & { readonly readyAt: number }

interface Kind {
  readonly name: string
  open(clock: () => number): Opened
}

const kinds: readonly Kind[] = [
  { name: 'in memory', open: (clock) => createMemoryReplayStore({ clock }) },
  {
    name: 'in SQLite',
    open: (clock) => {
      const { replayStore, readyAt } = openVerifierDatabase(newFile(), { clock })
      return { claim: (claim) => replayStore.claim(claim), readyAt }
    },
  },
]

describe.each(kinds)('a replay store $name', (kind) => {
  const open = (clock: () => number): Opened => kind.open(clock)

  /** A store that began a minute before `time.now`. */
  function running(): { store: ReplayStore; time: { now: number } } {
    const time = { now: START - 60_000 }
    const store = open(() => time.now)
    time.now = START
    return { store, time }
  }

  const entry = (changes: Partial<NonceClaim> = {}): NonceClaim => ({
    key: 'did:key:a',
    nonce: 'n1',
    created: START,
    keepUntil: START + 121_000,
    ...changes,
  })

  test('says yes once', () => {
    const { store } = running()
    expect(store.claim(entry())).toBe(true)
    expect(store.claim(entry())).toBe(false)
    expect(store.claim(entry({ created: START + 1000, keepUntil: START + 300_000 }))).toBe(false)
  })

  test('keeps agents and nonces apart', () => {
    const { store } = running()
    expect(store.claim(entry())).toBe(true)
    expect(store.claim(entry({ key: 'did:key:b' }))).toBe(true)
    expect(store.claim(entry({ nonce: 'n2' }))).toBe(true)
    expect(store.claim(entry({ key: 'did:key:b', nonce: 'n2' }))).toBe(true)
  })

  test('remembers until the end, and not longer', () => {
    const { store, time } = running()
    expect(store.claim(entry())).toBe(true)
    time.now = START + 120_999
    expect(store.claim(entry({ keepUntil: START + 400_000 }))).toBe(false)
    time.now = START + 121_000
    expect(store.claim(entry({ keepUntil: START + 400_000 }))).toBe(true)
    expect(store.claim(entry({ keepUntil: START + 400_000 }))).toBe(false)
  })

  test('refuses what it may have forgotten, also after the clock went back', () => {
    const { store, time } = running()
    expect(store.claim(entry())).toBe(true)
    time.now = START + 86_400_000
    expect(store.claim(entry({ nonce: 'later', created: time.now, keepUntil: time.now + 121_000 }))).toBe(
      true,
    )
    time.now = START
    expect(store.claim(entry())).toBe(false)
  })

  test('knows what ends later than all it forgot, after the clock went forward and back', () => {
    const { store, time } = running()
    expect(store.claim(entry())).toBe(true)
    expect(store.claim(entry({ nonce: 'held', keepUntil: START + 300_000 }))).toBe(true)
    time.now = START + 200_000
    expect(store.claim(entry({ nonce: 'later', keepUntil: time.now + 86_400_000 }))).toBe(true)
    time.now = START
    expect(store.claim(entry({ nonce: 'new' })), 'it ends with what was forgotten').toBe(false)
    expect(store.claim(entry({ nonce: 'new', keepUntil: START + 121_001 }))).toBe(true)
    expect(store.claim(entry({ nonce: 'held', keepUntil: START + 300_000 }))).toBe(false)
  })

  test('refuses a claim that has ended before it is made', () => {
    const { store, time } = running()
    time.now = START + 121_000
    expect(store.claim(entry())).toBe(false)
    expect(store.claim(entry({ keepUntil: time.now + 1 }))).toBe(true)
  })

  test('cannot know what was created up to 5 seconds after it began', () => {
    const store = open(() => START)
    expect(store.claim(entry({ created: START - 60_000 }))).toBe(false)
    expect(store.claim(entry({ created: START + 5000 }))).toBe(false)
    expect(store.claim(entry({ created: START + 6000 }))).toBe(true)
  })

  test('tells when it begins to accept', () => {
    for (const start of [START, START + 1, START + 999]) expect(open(() => start).readyAt).toBe(START + 6000)
    const time = { now: START + 300 }
    const store = open(() => time.now)
    const attempt = (now: number): boolean | Promise<boolean> => {
      time.now = now
      return store.claim(
        entry({ nonce: `at-${now}`, created: Math.floor(now / 1000) * 1000, keepUntil: now + 99_000 }),
      )
    }
    expect(attempt(store.readyAt - 1)).toBe(false)
    expect(attempt(store.readyAt)).toBe(true)
  })
})

describe('a replay store in memory', () => {
  test('refuses by an error when it is full, until something ended', () => {
    const time = { now: START - 60_000 }
    const store = createMemoryReplayStore({ clock: () => time.now, maxEntries: 3 })
    time.now = START
    const claim = (nonce: string): boolean =>
      store.claim({ key: 'k', nonce, created: time.now, keepUntil: time.now + 1000 })
    expect([claim('1'), claim('2'), claim('3')]).toEqual([true, true, true])
    expect(() => claim('4')).toThrow(/full/)
    expect(claim('1'), 'what is held is still known').toBe(false)
    time.now = START + 2000
    expect(claim('4')).toBe(true)
  })

  test('forgets ended claims as fast as new ones come', () => {
    const time = { now: START - 60_000 }
    const store = createMemoryReplayStore({ clock: () => time.now, maxEntries: 8 })
    for (let round = 0; round < 2000; round += 1) {
      time.now = START + round * 1000
      const claim = { key: 'k', nonce: `n${round}`, created: time.now, keepUntil: time.now + 2000 }
      expect(store.claim(claim)).toBe(true)
      expect(store.claim(claim)).toBe(false)
    }
  })

  test.each([0, -1, Number.NaN])('cannot have room for %s claims', (maxEntries) => {
    expect(() => createMemoryReplayStore({ maxEntries })).toThrow(TypeError)
  })

  test('lets ended claims go in bulk after a pause', () => {
    const time = { now: START - 60_000 }
    const store = createMemoryReplayStore({ clock: () => time.now, maxEntries: 1000 })
    time.now = START
    const claim = (nonce: string): boolean =>
      store.claim({
        key: 'k',
        nonce,
        created: time.now,
        keepUntil: time.now + 1000 + (nonce.length % 3) * 1000,
      })
    for (let index = 0; index < 1000; index += 1) expect(claim(`a${index}`)).toBe(true)
    time.now = START + 60_000
    for (let index = 0; index < 990; index += 1) expect(claim(`b${index}`)).toBe(true)
  })
})

describe('a replay store in SQLite', () => {
  test('knows after a restart what it accepted, and need not wait', () => {
    const path = newFile()
    const time = { now: START - 60_000 }
    const clock = (): number => time.now
    const first = openVerifierDatabase(path, { clock })
    time.now = START
    const claim: NonceClaim = { key: 'k', nonce: 'n', created: START, keepUntil: START + 121_000 }
    expect(first.replayStore.claim(claim)).toBe(true)
    first.close()
    const second = openVerifierDatabase(path, { clock })
    expect(second.readyAt).toBeLessThan(START)
    expect(second.replayStore.claim(claim)).toBe(false)
    expect(second.replayStore.claim({ ...claim, nonce: 'n2' })).toBe(true)
    second.close()
  })

  test('is shared by all that open its file', () => {
    const path = newFile()
    const time = { now: START - 60_000 }
    const stores = [1, 2, 3, 4].map(() => openVerifierDatabase(path, { clock: () => time.now }))
    time.now = START
    for (let nonce = 0; nonce < 50; nonce += 1) {
      const claim: NonceClaim = { key: 'k', nonce: `n${nonce}`, created: START, keepUntil: START + 1000 }
      expect(stores.filter(({ replayStore }) => replayStore.claim(claim) === true)).toHaveLength(1)
    }
    for (const store of stores) store.close()
  })

  test('keeps the mark of what it forgot across a restart with the clock set back', () => {
    const path = newFile()
    const time = { now: START - 60_000 }
    const clock = (): number => time.now
    const first = openVerifierDatabase(path, { clock })
    time.now = START
    const claim: NonceClaim = { key: 'k', nonce: 'n', created: START, keepUntil: START + 121_000 }
    expect(first.replayStore.claim(claim)).toBe(true)
    time.now = START + 86_400_000
    const later = { key: 'k', nonce: 'later', created: time.now, keepUntil: time.now + 1000 }
    expect(first.replayStore.claim(later)).toBe(true)
    first.close()
    time.now = START
    const second = openVerifierDatabase(path, { clock })
    expect(second.replayStore.claim(claim)).toBe(false)
    second.close()
  })

  test('forgets ended claims', () => {
    const path = newFile()
    const time = { now: START - 60_000 }
    const database = openVerifierDatabase(path, { clock: () => time.now })
    for (let round = 0; round < 60; round += 1) {
      time.now = START + round * 1000
      const claim = { key: 'k', nonce: `n${round}`, created: time.now, keepUntil: time.now + 2000 }
      expect(database.replayStore.claim(claim)).toBe(true)
    }
    database.close()
    const plain = new DatabaseSync(path)
    expect(plain.prepare('SELECT count(*) AS held FROM nonce').get()).toEqual({ held: 2 })
    plain.close()
  })

  test('throws when it is closed or its file is gone', () => {
    const database = openVerifierDatabase(newFile(), { clock: () => START - 60_000 })
    database.close()
    expect(() =>
      database.replayStore.claim({ key: 'k', nonce: 'n', created: START, keepUntil: START + 1 }),
    ).toThrow()
  })
})
