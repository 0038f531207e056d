import { useSyncExternalStore } from 'react'

/** How the page hears from the authority. */
export interface Connection {
  /** The last call got an answer. */
  readonly reachable: boolean
  /** News arrive as they happen; otherwise the page asks every few seconds. */
  readonly live: boolean
}

let state: Connection = { reachable: true, live: false }
const listeners = new Set<() => void>()

/** Changes what is known, and tells whoever shows it. */
export function noteConnection(change: Partial<Connection>): void {
  const next = { ...state, ...change }
  if (next.reachable === state.reachable && next.live === state.live) return
  state = next
  for (const listener of listeners) listener()
}

/** The connection as it is now; a component that reads it follows it. */
export function useConnection(): Connection {
  return useSyncExternalStore(subscribe, () => state)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
