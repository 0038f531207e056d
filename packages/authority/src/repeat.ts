/** Runs something again and again until it is called off. */
export type Repeat = (run: () => Promise<void>, seconds: number) => () => Promise<void>

/** Repeats on the platform's timer, never two runs at once; calling it off waits for the run under way. */
export const repeatOnTimer: Repeat = (run, seconds) => {
  let underWay = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    busy = true
    underWay = run().finally(() => {
      busy = false
    })
  }, seconds * 1000)
  return async () => {
    clearInterval(timer)
    await underWay
  }
}
