import { styleText } from 'node:util'

/** Tells the story on a terminal, in a newcomer's words, each line with the time since the start. */
export interface Narrator {
  /** A step of the story begins. */
  step(number: number, title: string): void
  /** Something happened. */
  say(text: string): void
  /** The API answered. */
  accepted(status: number, text: string): void
  /** Somebody was refused, as they should be. */
  refused(status: number | undefined, code: string, text: string): void
  /** A line without a time, for what the reader may want to copy. */
  plain(text: string): void
}

/**
 * @param now milliseconds that only go forward
 * @param write takes one line without its end
 */
export function createNarrator(now: () => number, write: (line: string) => void): Narrator {
  const start = now()
  const time = (): string => styleText('dim', `${((now() - start) / 1000).toFixed(1).padStart(5)} s`)
  const status = (code: number | undefined): string => (code === undefined ? '' : `${code} `)
  return {
    step: (number, title) => write(`\n${time()}  ${styleText('bold', `${number}. ${title}`)}`),
    say: (text) => write(`${time()}     ${text}`),
    accepted: (code, text) => write(`${time()}     ${styleText('green', `✓ ${code}`)} ${text}`),
    refused: (code, reason, text) =>
      write(`${time()}     ${styleText('yellow', `✗ ${status(code)}${reason}`)}: ${text}`),
    plain: (text) => write(text),
  }
}
