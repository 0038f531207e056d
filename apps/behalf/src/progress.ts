import type { OutputStream } from './io.ts'

const WIDTH = 30
const numbers = new Intl.NumberFormat('en')

/**
 * Shows how far a step is, to a person at a terminal and to nobody else.
 *
 * @param total - what there is to do, more than 0
 * @returns takes how much is done; the line is gone when that is all
 */
export function createProgress(
  stream: OutputStream,
  { what, total }: { readonly what: string; readonly total: number },
): (done: number) => void {
  if (stream.isTTY !== true) return () => undefined
  return (done) => {
    const share = Math.min(1, done / total)
    const filled = Math.round(share * WIDTH)
    const bar = `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)}`
    const text = `${what} ${bar} ${Math.floor(share * 100)} % of ${numbers.format(total)}`
    stream.write(done >= total ? '\r\u001b[2K' : `\r${text}`)
  }
}
