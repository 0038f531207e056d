/** A source of numbers that gives the same ones for the same seed. */
export interface Random {
  /** Returns an integer from 0 to `limit` - 1. */
  readonly below: (limit: number) => number
  /** Returns one of the values. */
  readonly pick: <Value>(values: readonly Value[]) => Value
  /** Returns whether an event of this probability happens. */
  readonly chance: (probability: number) => boolean
  /** Returns between `least` and `most` of the values, each at most once. */
  readonly some: <Value>(values: readonly Value[], least: number, most: number) => Value[]
}

/** Creates the source of a seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  const pick = <Value>(values: readonly Value[]): Value => {
    const index = below(values.length)
    const [value] = values.slice(index)
    if (value === undefined) throw new RangeError('There is nothing to pick from')
    return value
  }
  const some = <Value>(values: readonly Value[], least: number, most: number): Value[] => {
    const left = [...values]
    const count = least + below(Math.min(most, values.length) - least + 1)
    return Array.from({ length: count }, () => left.splice(below(left.length), 1)).flat()
  }
  return { below, pick, some, chance: (probability) => next() < probability }
}
