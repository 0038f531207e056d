import { concatBytes } from '@behalf/core'
import type { SetTimer } from './timer.ts'

/** The part of the platform's `fetch` that is used. */
export type Fetch = (
  url: string,
  init: { method: 'GET'; redirect: 'error'; headers: Record<string, string>; signal: AbortSignal },
) => Promise<Response>

/** How much and how long an answer may be. */
export interface CappedFetchOptions {
  readonly fetch: Fetch
  readonly maxBytes: number
  readonly timeoutSeconds: number
  readonly setTimer: SetTimer
}

/**
 * The whole body of a 200 answer that came from the address itself, in time and within the cap.
 *
 * @param url absolute address; redirects are not followed
 * @throws any error of `fetch`, and Error for another status, for a body above the cap and for one that is late
 */
export async function fetchCapped(url: string, options: CappedFetchOptions): Promise<Uint8Array> {
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
): Promise<Uint8Array> {
  const headers = { accept: 'application/jwt, application/vc+jwt' }
  const response = await options.fetch(url, { method: 'GET', redirect: 'error', headers, signal })
  if (response.status !== 200) throw new Error(`answered with ${response.status}`)
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    length += part.length
    if (length > options.maxBytes) throw new Error(`answered with more than ${options.maxBytes} bytes`)
    parts.push(part)
  }
  return concatBytes(...parts)
}
