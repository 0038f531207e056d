import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createMemoryUseCounter, type LimitedUse, type UseCounter } from '../src/index.ts'
import { openVerifierDatabase } from '../src/sqlite.ts'

const START = Date.UTC(2026, 11, 1, 12)
const folder = mkdtempSync(join(tmpdir(), 'behalf-uses-'))
afterAll(() => rmSync(folder, { recursive: true }))

let files = 0
const newFile = (): string => join(folder, `${++files}.db`)

const kinds: readonly { name: string; open(clock: () => number): UseCounter }[] = [
  { name: 'in memory', open: (clock) => createMemoryUseCounter({ clock }) },
  { name: 'in SQLite', open: (clock) => openVerifierDatabase(newFile(), { clock }).useCounter },
]

const use = (digest: string, limit: number, keepUntil: number = START + 600_000): LimitedUse => ({
  digest,
  limit,
  keepUntil,
})

describe.each(kinds)('a use counter $name', (kind) => {
  const open = (clock: () => number): UseCounter => kind.open(clock)

  test('counts up to the limit', () => {
    const counter = open(() => START)
    const results = Array.from({ length: 5 }, () => counter.count([use('a', 3)]))
    expect(results).toEqual([true, true, true, false, false])
  })

  test('counts all or none', () => {
    const counter = open(() => START)
    expect(counter.count([use('root', 2), use('leaf', 1)])).toBe(true)
    expect(counter.count([use('root', 2), use('leaf', 1)])).toBe(false)
    expect(counter.count([use('leaf', 1), use('root', 2)])).toBe(false)
    expect(counter.count([use('root', 2), use('other', 9)]), 'the root was counted once').toBe(true)
    expect(counter.count([use('root', 2)])).toBe(false)
    expect(counter.count([use('other', 2)])).toBe(true)
    expect(counter.count([use('other', 2)])).toBe(false)
  })

  test('has nothing to say about nothing', () => {
    expect(open(() => START).count([])).toBe(true)
  })

  test('never counts against a limit of none', () => {
    expect(open(() => START).count([use('a', 0)])).toBe(false)
  })

  test('does not begin again when the clock goes forward and back', () => {
    const time = { now: START }
    const counter = open(() => time.now)
    expect(counter.count([use('a', 1)])).toBe(true)
    time.now = START + 86_400_000
    const others = Array.from({ length: 1100 }, (_, index) => use(`b${index}`, 1, time.now + 1000))
    expect(counter.count(others)).toBe(true)
    expect(counter.count([use('c', 1, time.now + 1000)])).toBe(true)
    time.now = START
    expect(counter.count([use('a', 1)])).toBe(false)
  })

  test('goes on with what ends later than all it forgot, after the clock went forward and back', () => {
    const time = { now: START }
    const counter = open(() => time.now)
    const day = START + 86_400_000
    expect(counter.count([use('a', 1, START + 1000), use('b', 2, day)])).toBe(true)
    time.now = START + 2000
    const others = Array.from({ length: 1100 }, (_, index) => use(`c${index}`, 1, day))
    expect(counter.count(others)).toBe(true)
    expect(counter.count([use('d', 1, day)])).toBe(true)
    time.now = START
    expect(counter.count([use('new', 1, START + 1000)]), 'it ends with what was forgotten').toBe(false)
    expect(counter.count([use('new', 1, START + 1001)])).toBe(true)
    expect(counter.count([use('b', 2, day)])).toBe(true)
    expect(counter.count([use('b', 2, day)])).toBe(false)
  })

  test('refuses what has ended', () => {
    const counter = open(() => START)
    expect(counter.count([use('a', 5, START)])).toBe(false)
    expect(counter.count([use('a', 5, START + 1)])).toBe(true)
  })

  test('gives exactly the limit to however many ask', async () => {
    const counter = open(() => START)
    const answers = await Promise.all(
      Array.from({ length: 1000 }, async () => counter.count([use('a', 100)])),
    )
    expect(answers.filter((isCounted) => isCounted)).toHaveLength(100)
  })
})

describe('a use counter in memory', () => {
  test.each([0, -1, Number.NaN])('cannot have room for %s counts', (maxEntries) => {
    expect(() => createMemoryUseCounter({ maxEntries })).toThrow(TypeError)
  })

  test('lets ended counts go before it is full', () => {
    const time = { now: START }
    const counter = createMemoryUseCounter({ clock: () => time.now, maxEntries: 10 })
    for (let index = 0; index < 10; index += 1)
      expect(counter.count([use(`a${index}`, 1, START + 1000)])).toBe(true)
    expect(() => counter.count([use('b', 1)])).toThrow(/full/)
    time.now = START + 1000
    expect(counter.count([use('b', 1)])).toBe(true)
  })
})

describe('a use counter in SQLite', () => {
  test('goes on after a restart, and counts for all that open its file', () => {
    const path = newFile()
    const clock = (): number => START
    const first = openVerifierDatabase(path, { clock })
    const second = openVerifierDatabase(path, { clock })
    expect(first.useCounter.count([use('a', 3)])).toBe(true)
    expect(second.useCounter.count([use('a', 3)])).toBe(true)
    first.close()
    second.close()
    const third = openVerifierDatabase(path, { clock })
    expect(third.useCounter.count([use('a', 3)])).toBe(true)
    expect(third.useCounter.count([use('a', 3)])).toBe(false)
    third.close()
  })
})
