/** Numbers that depend on nothing but a seed and an index, so that any one input can be made again alone. */
export class Random {
  #state: number

  /** @param seed of the run, 32 bits @param index of the input, or of anything else that needs its own numbers */
  constructor(seed: number, index: number) {
    this.#state = mix(
      mix(seed >>> 0) ^ mix((index % 2 ** 32) + 0x9e3779b9) ^ mix(Math.floor(index / 2 ** 32)),
    )
  }

  /** An integer from 0 to 2^32 - 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    return mix(this.#state)
  }

  /** An integer from 0 to `limit` - 1; 0 for an empty range. */
  below(limit: number): number {
    return Math.floor((this.next() / 2 ** 32) * limit)
  }

  /** Whether an event of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability * 2 ** 32
  }

  /** One of the values. */
  pick<Value>(values: readonly Value[]): Value {
    const value = values[this.below(values.length)]
    if (value === undefined) throw new RangeError('There is nothing to pick from')
    return value
  }

  /** One of the values, each as likely as its weight says; the weights add up to `total`. */
  pickWeighted<Value>(values: readonly (readonly [weight: number, value: Value])[], total: number): Value {
    let left = this.below(total)
    for (const [weight, value] of values) {
      left -= weight
      if (left < 0) return value
    }
    throw new RangeError('The weights do not add up to the total')
  }

  /** That many random bytes. */
  bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at += 1) bytes[at] = this.next() & 0xff
    return bytes
  }
}

function mix(number: number): number {
  let mixed = number >>> 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
