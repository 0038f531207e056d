/** Who refused, and when first. */
export interface Refusals {
  note(who: object, at: number): void
  times(): readonly number[]
  /** Resolves when so many have refused, or the time is over. */
  wait(count: number, seconds: number): Promise<void>
  forget(): void
}

/** Nobody has refused yet. */
export function createRefusals(): Refusals {
  const refused = new Map<object, number>()
  let onNote = (): void => undefined
  return {
    note: (who, at) => {
      if (refused.has(who)) return
      refused.set(who, at)
      onNote()
    },
    times: () => [...refused.values()],
    forget: () => refused.clear(),
    wait: async (count, seconds) => {
      const { promise, resolve } = Promise.withResolvers<void>()
      onNote = () => {
        if (refused.size >= count) resolve()
      }
      onNote()
      const timer = setTimeout(() => resolve(), seconds * 1000)
      await promise
      clearTimeout(timer)
      onNote = () => undefined
    },
  }
}
