import { describe, expect, test, vi } from 'vitest'
import { cutWithChain, endsByItself, endWithChain } from '../src/end-with-chain.ts'

const request = (signal: AbortSignal | undefined) => ({
  requestId: 'id',
  body: new Uint8Array(),
  ...(signal !== undefined && { signal }),
})

const PART = new Uint8Array([1])

describe('an answer of Node', () => {
  test('is destroyed when its chain dies, and its stream left alone', () => {
    const abort = new AbortController()
    const answer = { once: vi.fn(), destroy: vi.fn(), stream: { close: vi.fn() } }
    cutWithChain(answer, request(abort.signal))
    abort.abort()
    expect([answer.destroy.mock.calls, answer.stream.close.mock.calls]).toEqual([[[]], []])
  })

  test('over HTTP/2 is cancelled', () => {
    const abort = new AbortController()
    const answer = { once: vi.fn(), stream: { close: vi.fn() } }
    cutWithChain(answer, request(abort.signal))
    abort.abort()
    expect(answer.stream.close.mock.calls).toEqual([[8]])
  })

  test.each([null, undefined])('whose stream is %s is over already', async (stream) => {
    const abort = new AbortController()
    const reported = vi.fn()
    process.once('uncaughtException', reported)
    cutWithChain({ once: vi.fn(), ...(stream === null && { stream }) }, request(abort.signal))
    abort.abort()
    // Errors of listeners come later.
    await new Promise((resolve) => setImmediate(resolve))
    process.off('uncaughtException', reported)
    expect(reported).not.toHaveBeenCalled()
  })

  test('that was closed is cut no more', () => {
    const abort = new AbortController()
    const closed: (() => void)[] = []
    const answer = { once: (_: 'close', listener: () => void) => closed.push(listener), destroy: vi.fn() }
    cutWithChain(answer, request(abort.signal))
    for (const listener of closed) listener()
    abort.abort()
    expect(answer.destroy).not.toHaveBeenCalled()
  })

  test('that ends by itself is left alone, until that is for the adapter again', () => {
    const [own, released] = [new AbortController(), new AbortController()]
    const answers = [own, released].map((abort) => {
      const answer = { once: vi.fn(), destroy: vi.fn() }
      cutWithChain(answer, request(abort.signal))
      return answer
    })
    endsByItself(own.signal)
    endsByItself(released.signal).release()
    own.abort()
    released.abort()
    expect(answers.map(({ destroy }) => destroy.mock.calls.length)).toEqual([0, 1])
  })

  test('without a chain is never cut', () => {
    const answer = { once: vi.fn() }
    cutWithChain(answer, request(undefined))
    expect(answer.once).not.toHaveBeenCalled()
  })
})

describe('the body of a web answer', () => {
  test('is the same without a chain, and stays none', () => {
    const body = new ReadableStream<Uint8Array>()
    expect(endWithChain(body, request(undefined))).toBe(body)
    expect(endWithChain(null, request(new AbortController().signal))).toBeNull()
  })

  test('whose chain is dead already fails at once, and its source is told why', async () => {
    const abort = new AbortController()
    const reason = new Error('dead')
    abort.abort(reason)
    const cancel = vi.fn()
    const bound = endWithChain(new ReadableStream<Uint8Array>({ cancel }), request(abort.signal))
    await expect(bound?.getReader().read()).rejects.toBe(reason)
    expect(cancel.mock.calls).toEqual([[reason]])
  })

  test('fails with its chain although its source cannot be cancelled', async () => {
    const abort = new AbortController()
    const reason = new Error('dead')
    const source = new ReadableStream<Uint8Array>({ cancel: () => Promise.reject(new Error('no')) })
    const reading = endWithChain(source, request(abort.signal))?.getReader().read()
    abort.abort(reason)
    await expect(reading).rejects.toBe(reason)
    await new Promise((resolve) => setImmediate(resolve))
  })

  test('that ends by itself is read to its end', async () => {
    const abort = new AbortController()
    let source: ReadableStreamDefaultController<Uint8Array> | undefined
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        source = controller
      },
    })
    endsByItself(abort.signal)
    const reader = endWithChain(body, request(abort.signal))?.getReader()
    const reading = reader?.read()
    abort.abort(new Error('dead'))
    source?.enqueue(PART)
    source?.close()
    expect(await reading).toEqual({ done: false, value: PART })
    expect(await reader?.read()).toEqual({ done: true, value: undefined })
  })

  test('is not read ahead of its reader', async () => {
    const pull = vi.fn((controller: ReadableStreamDefaultController<Uint8Array>) => controller.enqueue(PART))
    const source = new ReadableStream<Uint8Array>({ pull }, { highWaterMark: 0 })
    const bound = endWithChain(source, request(new AbortController().signal))
    await new Promise((resolve) => setImmediate(resolve))
    expect(pull).not.toHaveBeenCalled()
    await bound?.getReader().read()
    expect(pull).toHaveBeenCalledOnce()
  })

  test('that ended before its chain ended well', async () => {
    const abort = new AbortController()
    const source = new ReadableStream<Uint8Array>({
      start: (controller) => {
        controller.enqueue(PART)
        controller.close()
      },
    })
    const reader = endWithChain(source, request(abort.signal))?.getReader()
    expect(await reader?.read()).toEqual({ done: false, value: PART })
    expect(await reader?.read()).toEqual({ done: true, value: undefined })
    abort.abort(new Error('late'))
    await expect(reader?.closed).resolves.toBeUndefined()
  })
})
