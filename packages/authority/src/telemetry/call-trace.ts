import { AsyncLocalStorage } from 'node:async_hooks'

const calls = new AsyncLocalStorage<string | undefined>()

/**
 * Runs what a call does: whatever it puts on record says to which trace it belongs.
 *
 * @param traceparent - of the span of the call, or else what the caller said
 */
export function withinTrace<Result>(traceparent: string | undefined, run: () => Result): Result {
  return calls.run(traceparent, run)
}

/** The `traceparent` of the call that is being answered; undefined outside of one, and where nobody said one. */
export function traceOfCall(): string | undefined {
  return calls.getStore()
}
