import { encodeUtf8 } from '@behalf/core'
import { describe, expect, test, vi } from 'vitest'
import type { Fetch } from '../src/capped-fetch.ts'
import { type FollowedStream, followStream, type ServerSentEvent } from '../src/follow-stream.ts'
import { createTestTimers, type TestTimers } from './support/test-timers.ts'

type Call = { readonly url: string } & Parameters<Fetch>[1]
type Answer = Response | Promise<Response>

/** Streams that a test writes into, and what comes of them. */
interface World extends TestTimers {
  readonly calls: readonly Call[]
  readonly events: readonly ServerSentEvent[]
  readonly stream: FollowedStream
}

function follow(answer: (call: number) => Answer, chance = 0.5): World {
  const calls: Call[] = []
  const events: ServerSentEvent[] = []
  const timers = createTestTimers()
  const stream = followStream({
    url: 'https://authority.test/status/stream',
    fetch: async (url, init) => {
      calls.push({ url, ...init })
      return answer(calls.length)
    },
    setTimer: timers.setTimer,
    randomFraction: () => chance,
    quietSeconds: 7,
    maxEventLength: 100,
    onEvent: (event) => events.push(event),
  })
  return { ...timers, calls, events, stream }
}

const TYPE = { 'content-type': 'text/event-stream; charset=utf-8' }
const saying = (text: string, headers: Record<string, string> = TYPE, status = 200): Response =>
  new Response(text, { headers, status })
/** A stream that says these bytes and stays open. */
const staying = (...parts: Uint8Array<ArrayBuffer>[]): Response =>
  new Response(
    new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (controller) => {
        for (const part of parts) controller.enqueue(part)
      },
    }),
    { headers: TYPE },
  )
const bytes = (text: string): Uint8Array<ArrayBuffer> => new Uint8Array(encodeUtf8(text))

describe('a stream that is followed', () => {
  test('is asked for as what it is, and its events are told', async () => {
    const world = follow(() => staying(bytes('event: heartbeat\nid: 4\ndata: a\n\ndata: b\n\n')))
    expect(world.stream.isOpen()).toBe(false)
    await vi.waitFor(() => expect(world.events).toHaveLength(2))
    expect(world.events).toEqual([
      { type: 'heartbeat', data: 'a' },
      { type: 'message', data: 'b' },
    ])
    expect(world.stream.isOpen()).toBe(true)
    expect(world.calls).toEqual([
      {
        url: 'https://authority.test/status/stream',
        method: 'GET',
        redirect: 'error',
        headers: { accept: 'text/event-stream', 'cache-control': 'no-cache' },
        signal: expect.any(AbortSignal),
      },
    ])
    world.stream.close()
    await vi.waitFor(() => expect(world.calls[0]?.signal.aborted).toBe(true))
    await vi.waitFor(() => expect(world.pending()).toEqual([]))
  })

  test('may cut a character in two', async () => {
    const [whole, cut] = [bytes('data: €\n\n'), 7]
    const world = follow(() => staying(whole.slice(0, cut), whole.slice(cut)))
    await vi.waitFor(() => expect(world.events).toEqual([{ type: 'message', data: '€' }]))
    world.stream.close()
  })

  test('is asked for again with the last id that was seen, after a pause', async () => {
    const world = follow((call) => saying(call === 1 ? 'id: 4\ndata: a\n\ndata: b\n\n' : ''))
    // It ended after something had come, so nothing failed: half of one second by chance, and the least.
    await vi.waitFor(() => expect(world.pending()).toEqual([550]))
    expect(world.stream.isOpen()).toBe(false)
    world.run()
    await vi.waitFor(() => expect(world.pending()).toEqual([1050]))
    expect(world.calls[1]?.headers['last-event-id']).toBe('4')
    world.run()
    await vi.waitFor(() => expect(world.pending()).toEqual([2050]))
    world.stream.close()
    await vi.waitFor(() => expect(world.pending()).toEqual([]))
    expect(world.calls).toHaveLength(3)
  })

  test.each<[string, () => Answer]>([
    ['of another type', () => saying('data: a\n\n', { 'content-type': 'text/html' })],
    ['of no type', () => new Response(bytes('data: a\n\n'))],
    ['with another status', () => saying('data: a\n\n', TYPE, 203)],
    ['that fails', () => Promise.reject(new Error('the network is gone'))],
  ])('is no answer %s', async (_, answer) => {
    const world = follow(answer)
    await vi.waitFor(() => expect(world.pending()).toEqual([1050]))
    expect(world.events).toEqual([])
    world.stream.close()
  })

  test('is given up when nothing comes, and what it says later counts no more', async () => {
    let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      start: (given) => {
        controller = given
      },
    })
    const world = follow(() => new Response(body, { headers: TYPE }), 0)
    await vi.waitFor(() => expect(world.calls).toHaveLength(1))
    expect(world.pending()).toEqual([7000])
    controller?.enqueue(bytes('data: a\n\n'))
    await vi.waitFor(() => expect(world.events).toHaveLength(1))
    world.run()
    await vi.waitFor(() => expect(world.pending()).toEqual([50]))
    controller?.enqueue(bytes('data: late\n\n'))
    controller?.close()
    await vi.waitFor(() => expect(body.locked).toBe(false))
    expect(world.calls[0]?.signal.aborted).toBe(true)
    expect(world.events).toHaveLength(1)
    expect(world.pending()).toEqual([50])
    world.stream.close()
  })

  test('ends with an event that is too long, and not with one that nobody knows', async () => {
    const world = follow((call) =>
      call === 1 ? staying(bytes('nonsense: 1\ndata: a\n\n')) : staying(bytes(`data: ${'x'.repeat(200)}`)),
    )
    await vi.waitFor(() => expect(world.events).toEqual([{ type: 'message', data: 'a' }]))
    world.stream.close()
    const other = follow(() => staying(bytes(`data: ${'x'.repeat(200)}`)))
    await vi.waitFor(() => expect(other.pending()).toEqual([1050]))
    other.stream.close()
  })
})
