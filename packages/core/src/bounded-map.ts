/** A map that forgets what was used longest ago, so that callers' keys cannot fill the memory. */
export interface BoundedMap<Value> {
  /** The remembered value, which becomes the most recently used. */
  get(key: string): Value | undefined
  /**
   * Remembers `value`, forgetting the least recently used entries for as long as there are too many. A value that
   * alone weighs too much is not remembered, and neither is what the key had before.
   */
  set(key: string, value: Value): void
  readonly size: number
}

/** A bound on what all values weigh together, for values that differ in size. */
export interface WeightLimit<Value> {
  readonly maxWeight: number
  /** What a value weighs, as long as it is remembered. */
  readonly weigh: (value: Value) => number
}

/** Creates an empty map that never holds more than `capacity` entries, nor more than `limit` allows. */
export function createBoundedMap<Value>(capacity: number, limit?: WeightLimit<Value>): BoundedMap<Value> {
  const entries = new Map<string, Value>()
  const { maxWeight = Infinity, weigh = weighNothing } = limit ?? {}
  let weight = 0

  function forget(key: string): void {
    const value = entries.get(key)
    if (value === undefined) return
    entries.delete(key)
    weight -= weigh(value)
  }

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
      forget(key)
      const added = weigh(value)
      // Written so that a weight that is not a number is not remembered.
      if (!(added <= maxWeight)) return
      for (const oldest of entries.keys()) {
        if (entries.size < capacity && weight + added <= maxWeight) break
        forget(oldest)
      }
      entries.set(key, value)
      weight += added
    },
    get size() {
      return entries.size
    },
  }
}

function weighNothing(): number {
  return 0
}
