import { encodeUtf8 } from '@behalf/core'
import { describe, expect, test } from 'vitest'
import { createConditionalFetch, type Fetch, fetchCapped } from '../src/capped-fetch.ts'
import { createTestTimers } from './support/test-timers.ts'

const URL_ = 'https://authority.test/status/heartbeat'
type Call = { readonly url: string } & Parameters<Fetch>[1]

/** A fetch that answers with these answers, one after the other, and what it was asked. */
function answering(...answers: (() => Response | Promise<Response>)[]): {
  readonly fetch: Fetch
  readonly calls: readonly Call[]
} {
  const calls: Call[] = []
  const fetch: Fetch = async (url, init) => {
    calls.push({ url, ...init })
    const answer = answers[Math.min(calls.length, answers.length) - 1]
    if (answer === undefined) throw new Error('nothing more is answered')
    return answer()
  }
  return { fetch, calls }
}

const OPTIONS = { maxBytes: 8, timeoutSeconds: 5 } as const

describe('an answer that is fetched', () => {
  test('is asked for at the address itself, in the types that there are', async () => {
    const { setTimer, pending } = createTestTimers()
    const { fetch, calls } = answering(() => new Response('12345678', { headers: { etag: '"a"' } }))
    const answer = await fetchCapped(URL_, { ...OPTIONS, fetch, setTimer, headers: { 'x-more': '1' } })
    expect(answer).toEqual({ status: 200, bytes: encodeUtf8('12345678'), etag: '"a"' })
    expect(calls).toEqual([
      {
        url: URL_,
        method: 'GET',
        redirect: 'error',
        headers: { accept: 'application/jwt, application/vc+jwt', 'x-more': '1' },
        signal: expect.any(AbortSignal),
      },
    ])
    expect(calls[0]?.signal.aborted).toBe(true)
    expect(pending()).toEqual([])
  })

  test('has no etag where none was sent, and may be empty', async () => {
    const { setTimer } = createTestTimers()
    const { fetch } = answering(() => new Response(null))
    const answer = await fetchCapped(URL_, { ...OPTIONS, fetch, setTimer })
    expect(answer).toEqual({ status: 200, bytes: new Uint8Array(), etag: undefined })
  })

  test.each<[string, () => Response]>([
    ['answered with 404', () => new Response('', { status: 404 })],
    ['answered with 304', () => new Response(null, { status: 304 })],
    ['answered with more than 8 bytes', () => new Response('123456789')],
  ])('is refused: %s', async (message, answer) => {
    const { setTimer } = createTestTimers()
    const { fetch } = answering(answer)
    await expect(fetchCapped(URL_, { ...OPTIONS, fetch, setTimer })).rejects.toThrow(new Error(message))
  })

  test('is given up when it is late, even by a fetch that goes on', async () => {
    const { setTimer, pending, run } = createTestTimers()
    const { fetch, calls } = answering(() => new Promise<Response>(() => undefined))
    const fetched = fetchCapped(URL_, { ...OPTIONS, fetch, setTimer })
    expect(pending()).toEqual([5000])
    run()
    await expect(fetched).rejects.toThrow(new Error('no complete answer in time'))
    expect(calls[0]?.signal.aborted).toBe(true)
  })
})

describe('a heartbeat', () => {
  const conditional = (fetch: Fetch) =>
    createConditionalFetch({
      fetch,
      setTimer: createTestTimers().setTimer,
      timeoutSeconds: 5,
      maxBytes: { heartbeat: 8, list: 16 },
    })

  test('that has not changed is not sent again', async () => {
    const { fetch, calls } = answering(
      () => new Response('first', { headers: { etag: '"1"' } }),
      () => new Response(null, { status: 304 }),
      () => new Response('second'),
      () => new Response('third'),
    )
    const get = conditional(fetch)
    expect(await get(URL_, 'heartbeat')).toEqual(encodeUtf8('first'))
    expect(await get(URL_, 'heartbeat')).toEqual(encodeUtf8('first'))
    expect(await get(URL_, 'heartbeat')).toEqual(encodeUtf8('second'))
    expect(await get(URL_, 'heartbeat')).toEqual(encodeUtf8('third'))
    const accept = 'application/jwt, application/vc+jwt'
    expect(calls.map(({ headers }) => headers)).toEqual([
      { accept, 'cache-control': 'no-cache' },
      { accept, 'cache-control': 'no-cache', 'if-none-match': '"1"' },
      { accept, 'cache-control': 'no-cache', 'if-none-match': '"1"' },
      { accept, 'cache-control': 'no-cache' },
    ])
  })

  test('has another cap than a list, which is always sent', async () => {
    const { fetch, calls } = answering(() => new Response('1234567890123456', { headers: { etag: '"1"' } }))
    const get = conditional(fetch)
    expect(await get(URL_, 'list')).toHaveLength(16)
    expect(await get(URL_, 'list')).toHaveLength(16)
    expect(calls.map(({ headers }) => Object.keys(headers))).toEqual([['accept'], ['accept']])
    await expect(get(URL_, 'heartbeat')).rejects.toThrow(new Error('answered with more than 8 bytes'))
  })
})
