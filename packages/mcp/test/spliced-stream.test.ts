import { describe, expect, test, vi } from 'vitest'
import { onceRead, spliceStream } from '../src/spliced-stream.ts'

/** A stream that a test writes to, and what became of it. */
function createSource() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  const cancel = vi.fn()
  const stream = new ReadableStream<Uint8Array>({
    start: (made) => {
      controller = made
    },
    cancel,
  })
  return {
    stream,
    cancel,
    write: (text: string) => controller?.enqueue(new TextEncoder().encode(text)),
    end: () => controller?.close(),
    fail: (reason: Error) => controller?.error(reason),
  }
}

/** Reads one piece of text after the other; undefined at the end. */
function readTexts(body: ReadableStream<Uint8Array>): () => Promise<string | undefined> {
  const reader = body.getReader()
  return async () => {
    const { done, value } = await reader.read()
    return done ? undefined : new TextDecoder().decode(value)
  }
}

describe('a spliced stream', () => {
  test('goes on with another one, after the event that was begun, and hears no more of the first', async () => {
    const [first, second] = [createSource(), createSource()]
    const { body, goOn, isOpen } = spliceStream(first.stream)
    const read = readTexts(body)
    first.write('data: on')
    expect(await read()).toBe('data: on')
    goOn(new Response(second.stream))
    expect(await read()).toBe('\n\n')
    second.write('data: two\n\n')
    expect(await read()).toBe('data: two\n\n')
    expect(first.cancel).toHaveBeenCalledOnce()
    expect(isOpen()).toBe(true)
    second.end()
    expect(await read()).toBeUndefined()
    expect(isOpen()).toBe(false)
  })

  test.each([
    ['nothing', undefined],
    ['a refusal', new Response('no', { status: 405 })],
    ['an answer without a stream', new Response(null, { status: 202 })],
  ])('ends where it would go on with %s', async (_title, answer) => {
    const first = createSource()
    const { body, goOn, isOpen } = spliceStream(first.stream)
    const read = readTexts(body)
    goOn(answer)
    expect(await read()).toBeUndefined()
    expect(isOpen()).toBe(false)
  })

  test('fails with its source', async () => {
    const first = createSource()
    const { body, isOpen } = spliceStream(first.stream)
    const reading = readTexts(body)()
    first.fail(new Error('cut'))
    await expect(reading).rejects.toThrow('cut')
    expect(isOpen()).toBe(false)
  })

  test('that nobody reads any more goes on with nothing', async () => {
    const [first, second] = [createSource(), createSource()]
    const { body, goOn, isOpen } = spliceStream(first.stream)
    await body.cancel('enough')
    expect(first.cancel.mock.calls).toEqual([['enough']])
    expect(isOpen()).toBe(false)
    goOn(new Response(second.stream))
    expect(second.cancel).toHaveBeenCalledOnce()
  })
})

describe('an answer is read once', () => {
  test('at its end, and is the same', async () => {
    const done = vi.fn()
    const answer = onceRead(new Response('text', { status: 201, headers: { a: 'b' } }), done)
    expect(done).not.toHaveBeenCalled()
    expect([answer.status, answer.headers.get('a'), await answer.text()]).toEqual([201, 'b', 'text'])
    expect(done).toHaveBeenCalledOnce()
  })

  test('at once without a body', () => {
    const done = vi.fn()
    onceRead(new Response(null), done)
    expect(done).toHaveBeenCalledOnce()
  })

  test('when it fails, and when nobody reads on', async () => {
    const [failed, left] = [vi.fn(), vi.fn()]
    const [first, second] = [createSource(), createSource()]
    const reading = onceRead(new Response(first.stream), failed).text()
    first.fail(new Error('cut'))
    await expect(reading).rejects.toThrow('cut')
    expect(failed).toHaveBeenCalledOnce()
    await onceRead(new Response(second.stream), left).body?.cancel('enough')
    expect(left).toHaveBeenCalledOnce()
    expect(second.cancel.mock.calls).toEqual([['enough']])
  })
})
