import { describe, expect, test, vi } from 'vitest'
import { waitMilliseconds } from '../src/wait.ts'

describe('waiting', () => {
  test('ends after the time', async () => {
    vi.useFakeTimers()
    let done = false
    const waiting = waitMilliseconds(5000, new AbortController().signal).then(() => {
      done = true
    })
    await vi.advanceTimersByTimeAsync(4999)
    expect(done).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await waiting
    expect(done).toBe(true)
    vi.useRealTimers()
  })

  test('ends with the reason when it is given up, before or meanwhile', async () => {
    const reason = new Error('enough')
    await expect(waitMilliseconds(1e9, AbortSignal.abort(reason))).rejects.toBe(reason)
    const controller = new AbortController()
    const waiting = waitMilliseconds(1e9, controller.signal)
    controller.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })
})
