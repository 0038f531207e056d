import { useSyncExternalStore } from 'react'

let message = ''
const listeners = new Set<() => void>()

/** A screen reader says it once it is free; the same text twice is said twice. */
export function announce(text: string): void {
  message = message === text ? `${text}\u00a0` : text
  for (const listener of listeners) listener()
}

/** What was said last. */
export function useAnnouncement(): string {
  return useSyncExternalStore(subscribe, () => message)
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}
