import { encodeBase64url, type RandomBytes } from '@behalf/core'
import { AuthorityError } from '../error.ts'

/** How many of those who read the stream say that they hold a heartbeat. */
export interface ConfirmationCounts extends ReaderCounts {
  /** The APIs whose processes are counted, each once. */
  readonly apis: readonly ApiConfirmation[]
  /** Everybody else who reads, which is anybody: so nothing hangs on what these say or do not say. */
  readonly unproven: ReaderCounts
}

/** How many read, and how many of them say that they hold a heartbeat. */
export interface ReaderCounts {
  readonly connected: number
  readonly confirmed: number
}

/** How many processes of an API read the stream, and how many of them say that they hold a heartbeat. */
export interface ApiConfirmation extends ReaderCounts {
  /** Of the key that an operator registered. */
  readonly did: string
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
  /**
   * Asks all who have not confirmed it.
   *
   * @param registered - keys of the APIs that are registered now: a reader counts that proved one of them
   */
  ask(sequence: number, registered: ReadonlySet<string>): ConfirmationCounts
  /** Everybody who reads now. */
  readers(): number
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
    ask: (sequence, registered) => {
      const groups = Map.groupBy(readers.values(), ({ did }) =>
        did !== undefined && registered.has(did) ? did : undefined,
      )
      for (const reader of readers.values()) if (reader.confirmed < sequence) reader.ask(sequence)
      const unproven = count(groups.get(undefined) ?? [], sequence)
      groups.delete(undefined)
      const proven = [...groups.values()].flat()
      const apis = [...groups].flatMap(([did, own]) =>
        did === undefined ? [] : { did, ...count(own, sequence) },
      )
      return { ...count(proven, sequence), apis, unproven }
    },
    readers: () => readers.size,
  }
}

function count(readers: readonly Reader[], sequence: number): ReaderCounts {
  return {
    connected: readers.length,
    confirmed: readers.filter(({ confirmed }) => confirmed >= sequence).length,
  }
}
