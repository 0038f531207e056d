import type { SetTimer } from '../../src/timer.ts'

/** Timers that run when they are told to. */
export interface TestTimers {
  readonly setTimer: SetTimer
  /** The milliseconds of the timers that wait, oldest first. */
  readonly pending: () => readonly number[]
  /** Runs the oldest that waits. */
  readonly run: () => void
}

export function createTestTimers(): TestTimers {
  const waiting: { readonly run: () => void; readonly milliseconds: number }[] = []
  return {
    setTimer: (run, milliseconds) => {
      const timer = { run, milliseconds }
      waiting.push(timer)
      return () => {
        if (waiting.includes(timer)) waiting.splice(waiting.indexOf(timer), 1)
      }
    },
    pending: () => waiting.map(({ milliseconds }) => milliseconds),
    run: () => waiting.shift()?.run(),
  }
}
