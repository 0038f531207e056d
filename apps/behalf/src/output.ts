import { styleText } from 'node:util'
import type { BehalfIo, OutputStream } from './io.ts'

/** The document of an answer under `--json`; members are snake_case like those of the authority. */
export type AnswerDocument = Readonly<Record<string, unknown>>

/** Where the words and documents of a command go: one document on stdout under `--json`, words otherwise. */
export interface Output {
  readonly json: boolean
  /** Prints the answer; called at most once by a command that succeeds. */
  answer(document: AnswerDocument, words: readonly string[]): void
  /** Prints lines for people that are not the answer itself: always on stderr. */
  note(...lines: readonly string[]): void
  /** Runs a step that may last; a person at the terminal sees what is waited for until it ends. */
  during<T>(what: string, step: () => Promise<T>): Promise<T>
  /** Emphasises a word where colours are wanted. */
  strong(text: string): string
}

/**
 * The output of one command run.
 *
 * @param io the streams; colours only where one is a terminal and `NO_COLOR` is not set
 * @param json whether stdout carries one JSON document instead of words
 */
export function createOutput(io: BehalfIo, json: boolean): Output {
  const answered = { once: false }
  return {
    json,
    answer: (document, words) => {
      if (answered.once) {
        throw new TypeError('a command answers once')
      }
      answered.once = true
      writeLines(json ? io.stderr : io.stdout, words)
      if (json) {
        writeLines(io.stdout, [serializeDocument(document)])
      }
    },
    note: (...lines) => writeLines(io.stderr, lines),
    during: (what, step) => showDuring(io.stderr, what, step),
    strong: (text) =>
      wantsColour(json ? io.stderr : io.stdout, io.env) ? styleText('bold', text, PLAIN) : text,
  }
}

/**
 * A document as JSON, in which characters that move or hide text are escaped: it may be read on a terminal.
 */
export function serializeDocument(document: AnswerDocument): string {
  return JSON.stringify(document, undefined, 2).replace(UNSEEN, escapeUnits)
}

const UNSEEN = /[\u007f-\u009f\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu

function escapeUnits(character: string): string {
  const units = Array.from({ length: character.length }, (_, index) => character.charCodeAt(index))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

const PLAIN = { validateStream: false } as const

/** Whether a stream shows colours: a terminal that is not dumb, and nobody asked for none. */
export function wantsColour(stream: OutputStream, env: BehalfIo['env']): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? '') === '' && env.TERM !== 'dumb'
}

function writeLines(stream: OutputStream, lines: readonly string[]): void {
  if (lines.length > 0) {
    stream.write(`${lines.join('\n')}\n`)
  }
}

async function showDuring<T>(stream: OutputStream, what: string, step: () => Promise<T>): Promise<T> {
  if (stream.isTTY !== true) {
    return await step()
  }
  stream.write(`${what} …`)
  try {
    return await step()
  } finally {
    stream.write('\r\u001b[2K')
  }
}
