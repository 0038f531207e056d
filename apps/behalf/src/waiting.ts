import type { BehalfIo } from './io.ts'
import { describeSeconds } from './time-words.ts'

/**
 * Shows a person that something is being waited for: a line with the time so far on a terminal, one line elsewhere.
 *
 * @returns ends the showing; the line is gone afterwards
 */
export function showWaiting(io: BehalfIo, what: string): () => void {
  const { stderr, clock } = io
  if (stderr.isTTY !== true) {
    stderr.write(`${what} …\n`)
    return () => undefined
  }
  const start = clock()
  const show = (): void => {
    stderr.write(
      `\r\u001b[2K${what} … ${describeSeconds((clock() - start) / 1000)} (Ctrl-C stops the waiting)`,
    )
  }
  show()
  const timer = setInterval(show, 1000)
  return () => {
    clearInterval(timer)
    stderr.write('\r\u001b[2K')
  }
}
