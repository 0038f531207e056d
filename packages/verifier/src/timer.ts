/**
 * Runs something once, later.
 *
 * @param milliseconds from now
 * @returns the function that calls it off
 */
export type SetTimer = (run: () => void, milliseconds: number) => () => void

/** Timers of the platform that keep no process alive. */
export const backgroundTimer: SetTimer = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds)
  // A number where there is no process.
  if (typeof timer === 'object') timer.unref()
  return () => clearTimeout(timer)
}

/** Timers of the platform. */
export const systemTimer: SetTimer = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds)
  return () => clearTimeout(timer)
}
