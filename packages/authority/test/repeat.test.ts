import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { repeatOnTimer } from '../src/index.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('repeating on a timer', () => {
  test('runs at every interval until it is called off', async () => {
    let runs = 0
    const stop = repeatOnTimer(async () => {
      runs += 1
    }, 10)
    await vi.advanceTimersByTimeAsync(9_999)
    expect(runs).toBe(0)
    await vi.advanceTimersByTimeAsync(20_001)
    expect(runs).toBe(3)
    await stop()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(runs).toBe(3)
  })

  test('never runs twice at once, and waits for the last run', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    let runs = 0
    const stop = repeatOnTimer(() => {
      runs += 1
      return promise
    }, 1)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(runs).toBe(1)
    let stopped = false
    const stopping = stop().then(() => {
      stopped = true
    })
    await vi.advanceTimersByTimeAsync(1)
    expect(stopped).toBe(false)
    resolve()
    await stopping
    expect(stopped).toBe(true)
  })
})
