import type { NewIssuerEvent } from '@behalf/issuer'

/** Tells those who listen what is on record. */
export interface ChangeFeed {
  /** These events are on record: whoever listens is told. */
  readonly publish: (events: readonly NewIssuerEvent[]) => void
  /**
   * Calls `listener` at each change until it is called off, and `ended` when the feed is closed.
   *
   * @returns calls it off
   */
  subscribe(listener: (events: readonly NewIssuerEvent[]) => void, ended: () => void): () => void
  /** Nobody listens any more. */
  close(): void
}

/**
 * A feed without listeners.
 *
 * @param onRecorded - told that something was put on record
 */
export function createChangeFeed(onRecorded: () => void = () => undefined): ChangeFeed {
  const listeners = new Map<(events: readonly NewIssuerEvent[]) => void, () => void>()
  return {
    publish: (events) => {
      if (events.length > 0) onRecorded()
      for (const listener of listeners.keys()) listener(events)
    },
    subscribe: (listener, ended) => {
      listeners.set(listener, ended)
      return () => void listeners.delete(listener)
    },
    close: () => {
      const ends = [...listeners.values()]
      listeners.clear()
      for (const end of ends) end()
    },
  }
}
