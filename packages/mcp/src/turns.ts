/** Does one thing after the other. */
export interface Turns {
  /** What the work returns, which begins when everything before it has ended, however that ended. */
  take<Value>(work: () => Promise<Value>): Promise<Value>
}

/** Nobody's turn yet. */
export function createTurns(): Turns {
  let last: Promise<unknown> = Promise.resolve()
  return {
    take: (work) => {
      const next = last.then(work)
      last = next.catch(() => undefined)
      return next
    },
  }
}
