import { encodeBase64url, type RandomBytes } from '@behalf/core'
import { AuthorityError } from '../error.ts'

/** How many of those who read the stream say that they hold a heartbeat. */
export interface ConfirmationCounts {
  readonly connected: number
  readonly confirmed: number
  /** Those of them that proved which API they are, each once. */
  readonly apis: readonly ApiConfirmation[]
}

/** How many processes of an API read the stream, and how many of them say that they hold a heartbeat. */
export interface ApiConfirmation {
  /** Of the key that an operator registered. */
  readonly did: string
  readonly connected: number
  readonly confirmed: number
}

/** Knows what the readers of the stream have said that they hold. Each has a name that nobody can guess. */
export interface Confirmations {
  /** @returns the name of a new reader, and what forgets it */
  join(ask: (sequence: number) => void): { readonly subscriber: string; readonly leave: () => void }
  /**
   * The reader is the API with this key, which it proved.
   *
   * @throws AuthorityError `not_found` for whoever reads no stream now
   */
  identify(subscriber: string, did: string): void
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
  did?: string
}

const NAME_BYTES = 16

/** Nobody reads yet. A confirmation is a courtesy that carries no proof: whoever has a name can only speak for itself. */
export function createConfirmations(random: RandomBytes): Confirmations {
  const readers = new Map<string, Reader>()
  const find = (subscriber: string): Reader => {
    const reader = readers.get(subscriber)
    if (reader === undefined) throw new AuthorityError('not_found', 'Nobody of this name reads the stream')
    return reader
  }
  return {
    join: (ask) => {
      const subscriber = encodeBase64url(random(NAME_BYTES))
      readers.set(subscriber, { ask, confirmed: 0 })
      return { subscriber, leave: () => void readers.delete(subscriber) }
    },
    identify: (subscriber, did) => {
      find(subscriber).did = did
    },
    confirm: (subscriber, sequence) => {
      const reader = find(subscriber)
      reader.confirmed = Math.max(reader.confirmed, sequence)
    },
    ask: (sequence) => {
      const all = [...readers.values()]
      const missing = all.filter(({ confirmed }) => confirmed < sequence)
      for (const reader of missing) reader.ask(sequence)
      return {
        connected: all.length,
        confirmed: all.length - missing.length,
        apis: listConfirmations(all, sequence),
      }
    },
  }
}

function listConfirmations(readers: readonly Reader[], sequence: number): readonly ApiConfirmation[] {
  const apis = new Map<string, ApiConfirmation>()
  for (const { did, confirmed: held } of readers) {
    if (did === undefined) continue
    const { connected = 0, confirmed = 0 } = apis.get(did) ?? {}
    apis.set(did, { did, connected: connected + 1, confirmed: confirmed + (held >= sequence ? 1 : 0) })
  }
  return [...apis.values()]
}
