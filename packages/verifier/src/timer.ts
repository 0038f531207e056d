/**
 * Runs something once, later.
 *
 * @param milliseconds from now
 * @returns the function that calls it off
 */
export type SetTimer = (run: () => void, milliseconds: number) => () => void

/** Timers of the platform, which do not keep a process alive. */
export const systemTimer: SetTimer = (run, milliseconds) => {
  const timer = setTimeout(run, milliseconds)
  // Browsers and workers give a number.
  if (typeof timer === 'object') timer.unref()
  return () => clearTimeout(timer)
}
