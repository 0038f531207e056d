import { encodeUtf8, type MonotonicClock, systemMonotonicClock } from '@behalf/core'
import type { Publication, StatusListName, StatusListRecord } from '@behalf/issuer'

/** What one transaction published: its heartbeat, and the lists that were signed with it. */
export interface StatusUpdate {
  readonly publication: Publication
  readonly lists: readonly StatusListRecord[]
}

/** Whoever is told of updates. */
export interface StatusListener {
  /** Server-sent events, whole ones. */
  readonly write: (events: Uint8Array) => void
  /** Nothing follows. */
  readonly end: () => void
}

/** Hands what is published to those who listen. */
export interface StatusFeed {
  /** These are on disk. To be called in the order of their sequence numbers. */
  readonly publish: (update: StatusUpdate) => void
  /**
   * From now on the listener is told. What it needs to be up to date is returned: the lists that were signed after
   * `lastSequence`, as far as is known here, and the latest heartbeat.
   */
  subscribe(
    listener: StatusListener,
    lastSequence: number | undefined,
  ): { readonly missed: Uint8Array; readonly unsubscribe: () => void }
  /** Every listener is told that it is over. */
  close(): void
}

/** How a feed tells the time. */
export interface StatusFeedOptions {
  readonly monotonicClock?: MonotonicClock
  /** Runs something once, later; returns what calls it off. */
  readonly setTimer?: (run: () => void, milliseconds: number) => () => void
}

/** Updates that come faster than this are told of together. */
export const BATCH_MS = 20

// More than this is quicker to fetch from a cache than to be sent to everybody who comes back.
const MAX_MISSED_CHARACTERS = 262_144

/**
 * A feed without listeners. An update is told at once, unless another was told less than 20 ms before: then it waits
 * for that time to be over and is told with all that came meanwhile, each list once and one heartbeat.
 *
 * Only signed bytes are told, and nothing of what a caller wrote, so no text can pose as an event.
 *
 * @see HTML, server-sent events
 */
export function createStatusFeed({
  monotonicClock = systemMonotonicClock,
  setTimer = setPlatformTimer,
}: StatusFeedOptions = {}): StatusFeed {
  const listeners = new Set<StatusListener>()
  const history = createHistory()
  let waiting: StatusUpdate | undefined
  let toldAt = Number.NEGATIVE_INFINITY
  /** Versions of the lists that every listener holds by what it was told. */
  const told = new Map<string, number>()
  let callOff: (() => void) | undefined

  const tell = (): void => {
    callOff = undefined
    if (waiting === undefined) return
    toldAt = monotonicClock()
    const { publication, lists } = waiting
    waiting = undefined
    // What follows from what was told before stands in the heartbeat itself.
    const news = lists.filter((list) => !followsFrom(list, told.get(nameOf(list))))
    for (const list of lists) told.set(nameOf(list), list.version)
    const events = encodeUtf8(spell({ publication, lists: news }))
    for (const listener of listeners) listener.write(events)
  }

  return {
    publish: (update) => {
      history.add(update)
      waiting = merge(waiting, update)
      if (callOff !== undefined) return
      const pause = toldAt + BATCH_MS - monotonicClock()
      if (pause <= 0) tell()
      else callOff = setTimer(tell, pause)
    },
    subscribe: (listener, lastSequence) => {
      listeners.add(listener)
      const missed = encodeUtf8(history.spellSince(lastSequence))
      return { missed, unsubscribe: () => void listeners.delete(listener) }
    },
    close: () => {
      callOff?.()
      const ended = [...listeners]
      listeners.clear()
      for (const listener of ended) listener.end()
    },
  }
}

interface History {
  add(update: StatusUpdate): void
  spellSince(sequence: number | undefined): string
}

/** The latest of everything that was published since this began. */
function createHistory(): History {
  const lists = new Map<string, { readonly list: StatusListRecord; readonly sequence: number }>()
  let first: number | undefined
  let publication: Publication | undefined
  return {
    add: (update) => {
      const { sequence } = update.publication
      first ??= sequence
      publication = update.publication
      for (const list of update.lists) lists.set(nameOf(list), { list, sequence })
    },
    spellSince: (sequence) => {
      if (publication === undefined) return ''
      const isKnown = sequence !== undefined && first !== undefined && sequence >= first
      const missed = isKnown ? [...lists.values()].filter((entry) => entry.sequence > sequence) : []
      const characters = missed.reduce((sum, { list }) => sum + list.jws.length, 0)
      const sent = characters > MAX_MISSED_CHARACTERS ? [] : missed.map(({ list }) => list)
      return spell({ publication, lists: sent })
    },
  }
}

function merge(earlier: StatusUpdate | undefined, later: StatusUpdate): StatusUpdate {
  const lists = new Map([...(earlier?.lists ?? []), ...later.lists].map((list) => [nameOf(list), list]))
  return { publication: later.publication, lists: [...lists.values()] }
}

/** Whether whoever holds that version can make this one of it, by the changes in the heartbeat. */
function followsFrom({ changes }: StatusListRecord, version: number | undefined): boolean {
  const [first] = changes
  return first !== undefined && version !== undefined && first.version <= version + 1
}

function nameOf({ number, purpose }: StatusListName): string {
  return `${purpose} ${number}`
}

/** The lists come first, so that whoever reads the heartbeat holds what it speaks of; only it moves Last-Event-ID. */
function spell({ publication, lists }: StatusUpdate): string {
  const events = lists.map(({ jws }) => `event: list\ndata: ${jws}\n\n`)
  return `${events.join('')}event: heartbeat\nid: ${publication.sequence}\ndata: ${publication.jws}\n\n`
}

function setPlatformTimer(run: () => void, milliseconds: number): () => void {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}
