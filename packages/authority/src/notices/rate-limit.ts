import type { Clock } from '@behalf/core'
import { AuthorityError } from '../error.ts'

const MINUTE_MS = 60_000

/**
 * Returns what counts the calls of each person and lets so many through in a minute.
 *
 * @throws AuthorityError `rate_limited`, by what is returned
 */
export function createRateLimit({
  clock,
  perMinute,
}: {
  readonly clock: Clock
  readonly perMinute: number
}): (person: string) => void {
  let minute = 0
  const counts = new Map<string, number>()
  return (person) => {
    const now = Math.floor(clock() / MINUTE_MS)
    if (now !== minute) counts.clear()
    minute = now
    const count = (counts.get(person) ?? 0) + 1
    counts.set(person, count)
    if (count > perMinute)
      throw new AuthorityError('rate_limited', `At most ${perMinute} of these in a minute`)
  }
}
