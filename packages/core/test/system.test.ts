import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../src/clock.ts'
import { systemRandomBytes } from '../src/random-bytes.ts'

afterEach(() => {
  vi.useRealTimers()
})

test('the system clock tells milliseconds since the epoch', () => {
  vi.useFakeTimers({ now: 1_760_000_000_123 })
  expect(systemClock()).toBe(1_760_000_000_123)
})

test('the system generator returns as many bytes as asked for, other ones each time', () => {
  expect(systemRandomBytes(0)).toEqual(new Uint8Array())
  expect(systemRandomBytes(33)).toHaveLength(33)
  expect(systemRandomBytes(16)).not.toEqual(systemRandomBytes(16))
})
