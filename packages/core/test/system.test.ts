import { afterEach, expect, test, vi } from 'vitest'
import { selectMonotonicClock, systemClock, systemMonotonicClock } from '../src/clock.ts'
import { systemRandomBytes } from '../src/random-bytes.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('the system clock tells milliseconds since the epoch', () => {
  vi.useFakeTimers({ now: 1_760_000_000_123 })
  expect(systemClock()).toBe(1_760_000_000_123)
})

test('the monotonic clock goes on when the system clock is set back', () => {
  vi.useFakeTimers({ now: 1_760_000_000_000, toFake: ['Date', 'performance'] })
  const before = systemMonotonicClock()
  vi.advanceTimersByTime(250)
  vi.setSystemTime(0)
  expect(systemMonotonicClock() - before).toBe(250)
})

test('a wall clock of one’s own is its own monotonic clock, unless another one is given', () => {
  const clock = (): number => 1
  const monotonicClock = (): number => 2
  expect(selectMonotonicClock({ clock, monotonicClock })).toBe(monotonicClock)
  expect(selectMonotonicClock({ monotonicClock })).toBe(monotonicClock)
  expect(selectMonotonicClock({ clock })).toBe(clock)
  expect(selectMonotonicClock({})).toBe(systemMonotonicClock)
})

test('the system generator returns as many bytes as asked for, other ones each time', () => {
  expect(systemRandomBytes(0)).toEqual(new Uint8Array())
  expect(systemRandomBytes(33)).toHaveLength(33)
  expect(systemRandomBytes(16)).not.toEqual(systemRandomBytes(16))
})
