import type { Clock } from '@behalf/core'
import { AuthorityError } from '../error.ts'

/** Something that is fetched when it is needed and used for a while. */
export interface Fetched<Value> {
  /**
   * Resolves to the value, not older than its time; asked for again where `suffices` says no, but not at once again.
   *
   * @throws whatever fetching throws, unless a value is held that may still be used
   */
  get(suffices?: (value: Value) => boolean): Promise<Value>
}

const MAX_AGE_MS = 300_000
// Whoever sends tokens with keys that do not exist does not choose how often others are asked for theirs.
const PAUSE_MS = 30_000

/** Returns a value that is held at most five minutes, and asked for at most every thirty seconds. */
export function createFetched<Value>(load: () => Promise<Value>, clock: Clock): Fetched<Value> {
  let held: { readonly value: Value; readonly at: number } | undefined
  let askedAt: number | undefined
  let failure: unknown
  let loading: Promise<void> | undefined
  const ask = (): Promise<void> => {
    askedAt = clock()
    const asked = load().then(
      (value) => {
        held = { value, at: clock() }
        failure = undefined
      },
      (error: unknown) => {
        failure = error
      },
    )
    loading = asked.finally(() => {
      loading = undefined
    })
    return loading
  }
  const fresh = (): Value | undefined =>
    held && isWithin(clock() - held.at, MAX_AGE_MS) ? held.value : undefined
  return {
    get: async (suffices = () => true) => {
      const before = fresh()
      if (before !== undefined && suffices(before)) return before
      const pausing = askedAt !== undefined && isWithin(clock() - askedAt, PAUSE_MS)
      if (loading) await loading
      else if (!pausing) await ask()
      const after = fresh()
      if (after !== undefined) return after
      throw failure ?? new AuthorityError('resolution_timeout', 'What is needed was not given')
    },
  }
}

/** A clock that went back makes nothing fresh. */
function isWithin(age: number, limit: number): boolean {
  return age >= 0 && age < limit
}
