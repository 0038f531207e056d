import { VerifierError } from '@behalf/verifier'
import { describe, expect, test } from 'vitest'
import { createSteadyClock, type SteadyClock } from '../src/steady-clock.ts'

interface Set {
  wall: number
  passed: number
}

const START = 1_000_000

function create(latestTime?: number): { set: Set; steady: SteadyClock; told: string[] } {
  const set: Set = { wall: START, passed: 0 }
  const told: string[] = []
  const steady = createSteadyClock({
    clock: () => set.wall,
    monotonicClock: () => set.passed,
    latestTime,
    log: {
      info: () => undefined,
      warn: ({ steppedMilliseconds }, text) => void told.push(`${steppedMilliseconds}: ${text}`),
      error: () => undefined,
    },
  })
  return { set, steady, told }
}

function pass(set: Set, milliseconds: number): void {
  set.wall += milliseconds
  set.passed += milliseconds
}

describe('a steady clock', () => {
  test.each([86_400_000, -3_600_000, 6000, -6000])('follows a step of %i ms after a minute', (step) => {
    const { set, steady, told } = create()
    expect(steady.now()).toBe(START)
    set.wall += step
    expect(steady.now()).toBe(START)
    pass(set, 59_000)
    expect(steady.now()).toBe(START + 59_000)
    expect(steady.believed).toThrow(VerifierError)
    pass(set, 1000)
    expect(steady.believed()).toBe(START + 60_000 + step)
    expect(steady.now()).toBe(START + 60_000 + step)
    expect(told).toEqual([
      `${step}: the clock stepped: nothing is granted until it ran on for a minute`,
      `${step}: the clock is believed again`,
    ])
  })

  test('does not notice a step that is taken back', () => {
    const { set, steady } = create()
    steady.now()
    set.wall += 86_400_000
    steady.now()
    pass(set, 30_000)
    set.wall -= 86_400_000
    expect(steady.now()).toBe(START + 30_000)
    pass(set, 60_000)
    expect(steady.believed()).toBe(START + 90_000)
  })

  test.each([5000, -5000, -1000])('follows one of %i ms at once, and says nothing', (step) => {
    const { set, steady, told } = create()
    steady.now()
    set.wall += step
    expect(steady.now()).toBe(START + step)
    expect(steady.believed()).toBe(START + step)
    expect(told).toEqual([])
  })

  test('goes on from what was signed before it began, where that is later', () => {
    const { set, steady } = create(START + 3_600_000)
    expect(steady.now()).toBe(START + 3_600_000)
    pass(set, 30_000)
    expect(steady.now()).toBe(START + 3_630_000)
    expect(steady.believed).toThrow(expect.objectContaining({ code: 'clock_unsynchronized' }))
    pass(set, 30_000)
    expect(steady.now()).toBe(START + 60_000)
  })

  test('stands still rather than go back, where nothing else tells the time', () => {
    const told = { wall: START }
    const clock = (): number => told.wall
    const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
    const steady = createSteadyClock({ clock, monotonicClock: clock, latestTime: undefined, log })
    steady.now()
    told.wall -= 60_000
    expect(steady.now()).toBe(START)
  })
})
