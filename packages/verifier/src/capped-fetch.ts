import { concatBytes } from '@behalf/core'
import type { SetTimer } from './timer.ts'

/** The part of the platform's `fetch` that is used. */
export type Fetch = (
  url: string,
  init: {
    method: 'GET' | 'POST'
    redirect: 'error'
    headers: Record<string, string>
    body?: string
    signal: AbortSignal
  },
) => Promise<Response>

/** How much and how long an answer may be. */
export interface CappedFetchOptions {
  readonly fetch: Fetch
  readonly maxBytes: number
  readonly timeoutSeconds: number
  readonly setTimer: SetTimer
  /** Sent beside `Accept`. */
  readonly headers?: Readonly<Record<string, string>>
}

/** An answer that came whole. */
export interface CappedAnswer {
  readonly status: 200 | 304
  /** Empty when nothing was modified. */
  readonly bytes: Uint8Array
  readonly etag: string | undefined
}

/**
 * An answer that came from the address itself, whole, in time and within the cap: 200, or 304 where it was asked for.
 *
 * @param url absolute address; redirects are not followed
 * @throws any error of `fetch`, and Error for another status, for a body above the cap and for one that is late
 */
export async function fetchCapped(url: string, options: CappedFetchOptions): Promise<CappedAnswer> {
  const abort = new AbortController()
  const late = Promise.withResolvers<never>()
  const stopTimer = options.setTimer(() => {
    abort.abort()
    late.reject(new Error('no complete answer in time'))
  }, options.timeoutSeconds * 1000)
  try {
    // Raced, because a stream that ignores the signal would otherwise hold the caller for ever.
    return await Promise.race([readAnswer(url, options, abort.signal), late.promise])
  } finally {
    stopTimer()
    abort.abort()
  }
}

async function readAnswer(
  url: string,
  options: CappedFetchOptions,
  signal: AbortSignal,
): Promise<CappedAnswer> {
  const headers = { accept: 'application/jwt, application/vc+jwt', ...options.headers }
  const response = await options.fetch(url, { method: 'GET', redirect: 'error', headers, signal })
  const etag = response.headers.get('etag') ?? undefined
  if (response.status === 304 && 'if-none-match' in headers)
    return { status: 304, bytes: new Uint8Array(), etag }
  if (response.status !== 200) throw new Error(`answered with ${response.status}`)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > options.maxBytes) throw new Error(`answered with more than ${options.maxBytes} bytes`)
    parts.push(part)
  }
  return { status: 200, bytes: concatBytes(...parts), etag }
}

/** Caps on an answer by what it is, in bytes. */
interface ConditionalFetchOptions extends Omit<CappedFetchOptions, 'maxBytes' | 'headers'> {
  readonly maxBytes: { readonly heartbeat: number; readonly list: number }
}

/**
 * Fetches bytes of one issuer; a heartbeat that has not changed is not sent again, and is given as it came. The bytes
 * are the same, so they prove the same as before, and no more.
 *
 * @see RFC 9110 section 13.1.2
 */
export function createConditionalFetch({
  maxBytes,
  ...options
}: ConditionalFetchOptions): (url: string, kind: 'heartbeat' | 'list') => Promise<Uint8Array> {
  let last: CappedAnswer | undefined
  return async (url, kind) => {
    if (kind === 'list') return (await fetchCapped(url, { ...options, maxBytes: maxBytes.list })).bytes
    const headers = {
      'cache-control': 'no-cache',
      ...(last?.etag !== undefined && { 'if-none-match': last.etag }),
    }
    const answer = await fetchCapped(url, { ...options, maxBytes: maxBytes.heartbeat, headers })
    if (answer.status === 304 && last !== undefined) return last.bytes
    last = answer
    return answer.bytes
  }
}
