import type { MonotonicClock } from '@behalf/core'

/** Something of a server that is fetched when it is needed, and held for a while. */
export interface HeldAnswer<Value> {
  /** What is held and not too old; undefined otherwise. When it is time to fetch it again, that begins. */
  look(): Value | undefined
  /**
   * The same; waits for what is fetched, and makes do with what is held when that fails.
   *
   * @throws whatever `load` threw last, when nothing is held that is not too old
   */
  read(): Promise<Value>
  /** Resolves when it was fetched again or could not be; at once where that was done just now. */
  renew(): Promise<void>
}

/** How it is fetched and for how long it is held. */
export interface HeldAnswerOptions<Value> {
  /**
   * Fetches and checks it.
   *
   * @param held what was fetched before
   */
  readonly load: (held: Value | undefined) => Promise<Value>
  readonly monotonicClock: MonotonicClock
  /** After so many seconds it is fetched again when somebody asks. */
  readonly refreshSeconds: (held: Value) => number
  /** After so many seconds what is held counts no more. */
  readonly maxAgeSeconds: number
  /** It is not fetched again before so many seconds, whoever asks. After a failure it is one second. */
  readonly pauseSeconds: number
  /** Told of the first failure after a success. */
  readonly onFailure: (error: unknown) => void
}

const RETRY_SECONDS = 1

/** Holds nothing yet, and fetches nothing before it is asked. Never fetches twice at once. */
export function createHeldAnswer<Value>(options: HeldAnswerOptions<Value>): HeldAnswer<Value> {
  const { load, monotonicClock, refreshSeconds, maxAgeSeconds, pauseSeconds, onFailure } = options
  let held: { readonly value: Value; readonly since: number } | undefined
  let failure: { readonly error: unknown } | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let pending: Promise<void> | undefined
  const secondsSince = (time: number): number => (monotonicClock() - time) / 1000

  async function tryToLoad(since: number): Promise<void> {
    try {
      // It is as old as the question, not as its answer.
      held = { value: await load(held?.value), since }
      failure = undefined
    } catch (error) {
      if (failure === undefined) onFailure(error)
      failure = { error }
    }
  }

  async function renew(): Promise<void> {
    const pause = failure === undefined ? pauseSeconds : RETRY_SECONDS
    if (pending === undefined && secondsSince(triedAt) >= pause) {
      triedAt = monotonicClock()
      pending = tryToLoad(triedAt).finally(() => {
        pending = undefined
      })
    }
    await pending
  }

  function isDue(): boolean {
    return held === undefined || secondsSince(held.since) >= refreshSeconds(held.value)
  }

  function look(): Value | undefined {
    if (isDue()) void renew()
    return held !== undefined && secondsSince(held.since) <= maxAgeSeconds ? held.value : undefined
  }

  return {
    look,
    renew,
    read: async () => {
      if (isDue()) await renew()
      const known = look()
      if (known !== undefined) return known
      throw failure === undefined ? new Error('what was fetched is too old already') : failure.error
    },
  }
}
