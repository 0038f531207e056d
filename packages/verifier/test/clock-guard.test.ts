import { describe, expect, test } from 'vitest'
import { guardClock } from '../src/clock-guard.ts'

const START = 1_000_000_000
const HOUR = 3_600_000

interface Setup {
  wall: number
  monotonic: number
  /** What was signed last. */
  signed: number | undefined
  /** Time passes on both clocks. */
  pass(milliseconds: number): void
  /** The time as it is told, or the code of the refusal. */
  tell(): number | string
}

function setUp(options: { latestTime?: number; isAlone?: boolean } = {}): Setup {
  const { isAlone = false, ...more } = options
  const setup = { wall: START, monotonic: 5000, signed: START as number | undefined }
  const clock = guardClock({
    clock: () => setup.wall,
    monotonicClock: () => setup.monotonic,
    ...(isAlone ? {} : { confirmedTime: () => setup.signed }),
    ...more,
  })
  return Object.assign(setup, {
    pass: (milliseconds: number) => {
      setup.wall += milliseconds
      setup.monotonic += milliseconds
    },
    tell: () => {
      try {
        return clock()
      } catch (error) {
        expect(error).toMatchObject({ fault: true })
        return String(Object(error).code)
      }
    },
  })
}

describe('a guarded clock', () => {
  test('tells the time while it passes as the monotonic clock says', () => {
    const setup = setUp()
    for (const pause of [0, 1, 1000, HOUR, 24 * HOUR]) {
      setup.pass(pause)
      expect(setup.tell()).toBe(setup.wall)
    }
  })

  test.each([-5000, 5000])('bears one step of %d ms', (step) => {
    const setup = setUp()
    setup.tell()
    setup.wall += step
    expect(setup.tell()).toBe(setup.wall)
  })

  test.each([-5001, 5001, -HOUR, 24 * HOUR, Number.NaN])('refuses after a step of %d ms', (step) => {
    const setup = setUp()
    setup.tell()
    setup.wall += step
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.pass(HOUR)
    expect(setup.tell(), 'time alone confirms nothing').toBe('clock_unsynchronized')
  })

  test('adds up small steps', () => {
    const setup = setUp()
    setup.tell()
    for (const total of [2, 4]) {
      setup.pass(1000)
      setup.wall += 2000
      expect(setup.tell(), `${total} s`).toBe(setup.wall)
    }
    setup.pass(1000)
    setup.wall += 2000
    expect(setup.tell()).toBe('clock_unsynchronized')
  })

  test.each([0.0005, -0.0005])('bears a drift of %d for a day, and hours without a reading', (drift) => {
    const setup = setUp()
    const run = (milliseconds: number): void => {
      setup.pass(milliseconds)
      setup.wall += milliseconds * drift
    }
    setup.tell()
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      run(60_000)
      expect(setup.tell()).toBe(setup.wall)
    }
    run(10 * HOUR)
    expect(setup.tell()).toBe(setup.wall)
  })

  test('is believed again when a time is signed after the step', () => {
    const setup = setUp()
    setup.tell()
    setup.wall += HOUR
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.signed = undefined
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.signed = START
    expect(setup.tell(), 'signed before the step').toBe('clock_unsynchronized')
    setup.signed = START + 1
    expect(setup.tell()).toBe(setup.wall)
    setup.signed = undefined
    expect(setup.tell()).toBe(setup.wall)
  })

  test('is in doubt again when it steps back', () => {
    const setup = setUp()
    setup.tell()
    setup.wall += 24 * HOUR
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.wall -= 24 * HOUR
    setup.signed = START + 1
    expect(setup.tell(), 'signed before it stepped back').toBe('clock_unsynchronized')
    setup.signed = START + 2
    expect(setup.tell()).toBe(setup.wall)
  })

  test('without anybody who signs times, is believed after a minute without a step', () => {
    const setup = setUp({ isAlone: true })
    setup.tell()
    setup.wall -= HOUR
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.pass(59_999)
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.pass(1)
    expect(setup.tell()).toBe(setup.wall)
    setup.wall += HOUR
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.pass(30_000)
    setup.wall += HOUR
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.pass(30_001)
    expect(setup.tell(), 'the minute begins with the last step').toBe('clock_unsynchronized')
  })

  test('is not believed behind the latest time of an earlier process, until it is confirmed', () => {
    const setup = setUp({ latestTime: START + 5001 })
    setup.signed = undefined
    expect(setup.tell()).toBe('clock_unsynchronized')
    setup.signed = START
    expect(setup.tell()).toBe(START)
    expect(setUp({ latestTime: START + 5000 }).tell()).toBe(START)
  })

  test('that is its own monotonic clock still cannot go back', () => {
    let now = START
    const clock = guardClock({ clock: () => now, monotonicClock: () => now })
    clock()
    for (const step of [24 * HOUR, -2000, -2000]) {
      now += step
      expect(clock()).toBe(now)
    }
    now -= 2000
    expect(clock).toThrow(expect.objectContaining({ code: 'clock_unsynchronized' }))
  })
})
