import { pino } from 'pino'

/** Facts of one line of the log. Never keys, tokens, signatures or bodies. */
export type LogFacts = Readonly<Record<string, string | number | boolean | undefined>>

/** Where an authority reports what it does. */
export interface AuthorityLog {
  info(facts: LogFacts, message: string): void
  warn(facts: LogFacts, message: string): void
  error(facts: LogFacts, message: string): void
}

/**
 * The default log: one JSON object a line, to standard error or to `write`.
 *
 * @param write - takes a line with its line feed
 */
export function createAuthorityLog(write?: (line: string) => void): AuthorityLog {
  const options = { base: null, timestamp: pino.stdTimeFunctions.isoTime }
  const log = write ? pino(options, { write }) : pino(options, pino.destination({ fd: 2, sync: true }))
  return {
    info: (facts, message) => log.info(facts, message),
    warn: (facts, message) => log.warn(facts, message),
    error: (facts, message) => log.error(facts, message),
  }
}

/** What may be told about an error nobody foresaw: its kind and where it came from. */
export function describeFault(error: unknown): LogFacts {
  if (!(error instanceof Error)) return { fault: typeof error }
  return { fault: error.name, detail: error.message, stack: error.stack }
}
