import { VerifierError } from './error.ts'
import type { SetTimer } from './timer.ts'

/** Does one thing again and again. */
export interface Poller {
  /** Begins; does nothing when it began before or was closed. */
  start(): void
  /** Does it now. Resolves when it was done once, begun after this call. */
  poll(): Promise<void>
  close(): void
  /** It succeeded in another way. */
  succeed(): void
  /** Resolves once it succeeded; rejects when closed before. */
  readonly ready: Promise<void>
}

/** When to do it again. */
export interface PollerOptions {
  readonly setTimer: SetTimer
  readonly pollSeconds: number
  /** Whether it is to be done when its time has come. Default: always. */
  readonly isDue?: () => boolean
  /** Called after the first time. */
  readonly onFirst?: () => void
}

/**
 * Makes a poller that does nothing yet.
 *
 * @param pollAll must not reject; resolves to true when it succeeded
 */
export function createPoller(pollAll: () => Promise<boolean>, options: PollerOptions): Poller {
  const { setTimer, pollSeconds, isDue = () => true, onFirst } = options
  const ready = Promise.withResolvers<void>()
  // Nobody has to wait for it, so its rejection must not count as unhandled.
  ready.promise.catch(() => undefined)
  let phase: 'idle' | 'running' | 'closed' = 'idle'
  let stopTimer = (): void => undefined

  const poll = runOneAtATime(async () => {
    if (await pollAll()) ready.resolve()
  })

  async function pollAndRepeat(): Promise<void> {
    if (isDue()) await poll()
    if (phase === 'running') stopTimer = setTimer(() => void pollAndRepeat(), pollSeconds * 1000)
  }

  async function begin(): Promise<void> {
    await poll()
    if (phase !== 'running') return
    stopTimer = setTimer(() => void pollAndRepeat(), pollSeconds * 1000)
    onFirst?.()
  }

  return {
    ready: ready.promise,
    poll,
    start: () => {
      if (phase !== 'idle') return
      phase = 'running'
      void begin()
    },
    succeed: () => ready.resolve(),
    close: () => {
      phase = 'closed'
      stopTimer()
      ready.reject(new VerifierError('status_unavailable', 'the status source was closed'))
    },
  }
}

/**
 * Whoever asks while the work is on its way wants to know what is true now, so it is done once more for all of them;
 * never twice at once, or the older answer might come last.
 */
function runOneAtATime(work: () => Promise<void>): () => Promise<void> {
  let current: Promise<void> | undefined
  let queued: Promise<void> | undefined

  function run(): Promise<void> {
    current = work().finally(() => {
      current = undefined
    })
    return current
  }

  return () => {
    if (current === undefined) return run()
    queued ??= current.then(() => {
      queued = undefined
      return current ?? run()
    })
    return queued
  }
}
