import { createParser } from 'eventsource-parser'
import type { Fetch } from './capped-fetch.ts'
import type { SetTimer } from './timer.ts'

/** What to follow, and how. */
export interface FollowOptions {
  readonly url: string
  readonly fetch: Fetch
  readonly setTimer: SetTimer
  /** A number from 0 up to but not 1. */
  readonly randomFraction: () => number
  /** A stream on which nothing comes for so long is given up. */
  readonly quietSeconds: number
  /** Cap on one event, in characters. */
  readonly maxEventLength: number
  /** What it throws ends the stream. */
  readonly onEvent: (event: ServerSentEvent) => void
}

/** A stream that is followed. */
export interface FollowedStream {
  /** Whether something came on it since it was opened last. */
  isOpen(): boolean
  close(): void
}

/** One server-sent event. */
export interface ServerSentEvent {
  readonly type: string
  readonly data: string
}

const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000
/** Below this no stream is asked for again, whatever chance says. */
const LEAST_PAUSE_MS = 50

/**
 * Follows a stream of server-sent events until it is called off. When it ends, fails, stays quiet or has something that
 * is refused, it is opened again after a pause of random length, with the last id that was seen; the pause grows as long
 * as nothing comes.
 *
 * @see HTML, server-sent events
 */
export function followStream(options: FollowOptions): FollowedStream {
  const closed = new AbortController()
  const progress: Progress = { lastEventId: '', failures: 0, isOpen: false }
  void follow(options, progress, closed.signal)
  return { isOpen: () => progress.isOpen, close: () => closed.abort() }
}

interface Progress {
  lastEventId: string
  /** Streams in a row on which nothing came. */
  failures: number
  isOpen: boolean
}

async function follow(options: FollowOptions, progress: Progress, closed: AbortSignal): Promise<void> {
  while (!closed.aborted) {
    progress.failures += 1
    // Why it ended is of no account: what it did not bring shows in what is held.
    await readStream({ ...options, progress }, closed).catch(() => undefined)
    progress.isOpen = false
    const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** progress.failures)
    await pause(LEAST_PAUSE_MS + options.randomFraction() * longest, options.setTimer, closed)
  }
}

interface ReadOptions extends FollowOptions {
  readonly progress: Progress
}

async function readStream(options: ReadOptions, closed: AbortSignal): Promise<void> {
  const over = new AbortController()
  const end = (): void => over.abort()
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => undefined)
  over.signal.addEventListener('abort', () => ended.reject(new Error('given up')), { once: true })
  closed.addEventListener('abort', end, { once: true })
  const deadline = createDeadline(end, options)
  try {
    // Raced, because a stream that ignores the signal would otherwise hold the follower for ever.
    await Promise.race([consume(options, { signal: over.signal, onBytes: deadline.renew }), ended.promise])
  } finally {
    deadline.stop()
    closed.removeEventListener('abort', end)
    end()
  }
}

async function consume(
  options: ReadOptions,
  { signal, onBytes }: { readonly signal: AbortSignal; readonly onBytes: () => void },
): Promise<void> {
  const { url, maxEventLength, progress } = options
  const headers = {
    accept: 'text/event-stream',
    'cache-control': 'no-cache',
    ...(progress.lastEventId !== '' && { 'last-event-id': progress.lastEventId }),
  }
  const response = await options.fetch(url, { method: 'GET', redirect: 'error', headers, signal })
  const type = response.headers.get('content-type')?.split(';')[0]
  if (response.status !== 200 || type !== 'text/event-stream') throw new Error('answered with something else')
  const parser = createParser({
    maxBufferSize: maxEventLength,
    onEvent: ({ event = 'message', id, data }) => {
      if (signal.aborted) return
      options.onEvent({ type: event, data })
      Object.assign(progress, { isOpen: true, failures: 0, lastEventId: id ?? progress.lastEventId })
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') throw error
    },
  })
  const decoder = new TextDecoder()
  for await (const bytes of response.body ?? []) {
    // What was given up may still be in a buffer.
    if (signal.aborted) return
    onBytes()
    parser.feed(decoder.decode(bytes, { stream: true }))
  }
}

interface Deadline {
  readonly renew: () => void
  readonly stop: () => void
}

function createDeadline(end: () => void, { setTimer, quietSeconds }: ReadOptions): Deadline {
  let stopTimer = setTimer(end, quietSeconds * 1000)
  return {
    renew: () => {
      stopTimer()
      stopTimer = setTimer(end, quietSeconds * 1000)
    },
    stop: () => stopTimer(),
  }
}

function pause(milliseconds: number, setTimer: SetTimer, closed: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (closed.aborted) return Promise.resolve()
  const stopTimer = setTimer(resolve, milliseconds)
  const wake = (): void => {
    stopTimer()
    resolve()
  }
  closed.addEventListener('abort', wake, { once: true })
  return promise.finally(() => closed.removeEventListener('abort', wake))
}
