import { encodeBase64url, type RandomBytes } from '@behalf/core'
import { AuthorityError } from '../error.ts'

/** How many of those who read the stream say that they hold a heartbeat. */
export interface ConfirmationCounts {
  readonly connected: number
  readonly confirmed: number
}

/** Knows what the readers of the stream have said that they hold. Each has a name that nobody can guess. */
export interface Confirmations {
  /** @returns the name of a new reader, and what forgets it */
  join(ask: (sequence: number) => void): { readonly subscriber: string; readonly leave: () => void }
  /**
   * The reader holds the heartbeat of that number, or a later one.
   *
   * @throws AuthorityError `not_found` for whoever reads no stream now
   */
  confirm(subscriber: string, sequence: number): void
  /** Asks all who have not confirmed it. */
  ask(sequence: number): ConfirmationCounts
}

interface Reader {
  readonly ask: (sequence: number) => void
  confirmed: number
}

const NAME_BYTES = 16

/** Nobody reads yet. A confirmation is a courtesy that carries no proof: whoever has a name can only speak for itself. */
export function createConfirmations(random: RandomBytes): Confirmations {
  const readers = new Map<string, Reader>()
  return {
    join: (ask) => {
      const subscriber = encodeBase64url(random(NAME_BYTES))
      readers.set(subscriber, { ask, confirmed: 0 })
      return { subscriber, leave: () => void readers.delete(subscriber) }
    },
    confirm: (subscriber, sequence) => {
      const reader = readers.get(subscriber)
      if (reader === undefined) throw new AuthorityError('not_found', 'Nobody of this name reads the stream')
      reader.confirmed = Math.max(reader.confirmed, sequence)
    },
    ask: (sequence) => {
      const all = [...readers.values()]
      const missing = all.filter(({ confirmed }) => confirmed < sequence)
      for (const reader of missing) reader.ask(sequence)
      return { connected: all.length, confirmed: all.length - missing.length }
    },
  }
}
