/** A map that forgets what was used longest ago, so that callers' keys cannot fill the memory. */
export interface BoundedMap<Value> {
  /** The remembered value, which becomes the most recently used. */
  get(key: string): Value | undefined
  /** Remembers `value`, forgetting the least recently used entry when full. */
  set(key: string, value: Value): void
  readonly size: number
}

/** Creates an empty map that never holds more than `capacity` entries. */
export function createBoundedMap<Value>(capacity: number): BoundedMap<Value> {
  const entries = new Map<string, Value>()
  return {
    get(key) {
      const value = entries.get(key)
      if (value === undefined) return undefined
      // A Map iterates in insertion order, so moving the entry to the end marks it as used.
      entries.delete(key)
      entries.set(key, value)
      return value
    },
    set(key, value) {
      entries.delete(key)
      for (const oldest of entries.size >= capacity ? entries.keys() : []) {
        entries.delete(oldest)
        break
      }
      entries.set(key, value)
    },
    get size() {
      return entries.size
    },
  }
}
