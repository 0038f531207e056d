import { styleText } from 'node:util'

/** Tells the story on a terminal, in a newcomer's words, each line with the time since the start. */
export interface Narrator {
  /** A step of the story begins. */
  step(number: number, title: string): void
  /** Something happened. */
  say(text: string): void
  /** Somebody tried something: it was done, or refused with a code. */
  outcome(of: { readonly status?: number; readonly code?: string | undefined }, text: string): void
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
  return {
    step: (number, title) => write(`\n${time()}  ${styleText('bold', `${number}. ${title}`)}`),
    say: (text) => write(`${time()}     ${text}`),
    outcome: ({ status, code }, text) => {
      const words = [status, code].filter((word) => word !== undefined).join(' ')
      const said = code === undefined ? styleText('green', `✓ ${words}`) : styleText('yellow', `✗ ${words}`)
      write(`${time()}     ${said}: ${text}`)
    },
    plain: (text) => write(text),
  }
}
