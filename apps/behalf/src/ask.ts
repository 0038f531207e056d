import { createInterface } from 'node:readline/promises'
import { usageError } from './error.ts'
import type { BehalfIo } from './io.ts'

/**
 * Makes sure that somebody can be asked before any work is done for it.
 *
 * @throws CommandError `usage_invalid` without a terminal
 */
export function requireTerminal(io: BehalfIo, question: string): void {
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw usageError(`${question} and there is no terminal to ask on`, 'give --yes to say so beforehand')
  }
}

/** Whether the person at the terminal answers `y` or `yes`; anything else, an end of input included, is no. */
export async function confirm(io: BehalfIo, question: string): Promise<boolean> {
  const prompt = createInterface({ input: io.stdin, output: io.stderr, terminal: false })
  try {
    const ended = new Promise<string>((resolve) => prompt.once('close', () => resolve('')))
    const answer = await Promise.race([prompt.question(`${question} [y/N] `), ended])
    return /^y(es)?$/i.test(answer.trim())
  } finally {
    prompt.close()
  }
}
