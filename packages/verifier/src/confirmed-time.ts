import type { Did } from '@behalf/did'
import type { StatusSource } from './status-source.ts'

/** The latest time that one of these issuers signed, of those whose word is fresh. */
export function readConfirmedTime(issuers: Iterable<Did>, source: StatusSource): number | undefined {
  const times = [...issuers].flatMap((did) => readTime(source, did))
  return times.length === 0 ? undefined : Math.max(...times)
}

/** When an issuer signed its latest word, if that is fresh; none or one, in milliseconds. */
export function readTime(source: StatusSource, issuer: Did): readonly number[] {
  try {
    return [source.read(issuer).time]
  } catch {
    // Whatever the reason, it confirms nothing.
    return []
  }
}
