/**
 * The base of every error this project throws for input it does not trust: `code` is stable API, `message` is for
 * people and never contains secrets or the refused value.
 */
export class BehalfError<Code extends string = string> extends Error {
  /** The stable reason, one of the closed union of the package that threw it. */
  readonly code: Code

  /**
   * @param code the stable reason
   * @param message one English sentence without attacker-chosen text, never empty: a refusal explains itself
   * @param options `cause` is kept for the log and never sent to a peer
   * @throws {TypeError} for an empty message
   */
  constructor(code: Code, message: string, options?: { cause?: unknown }) {
    if (message === '') throw new TypeError(`The error ${code} needs a message that explains it`)
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** Why this package refused its input. */
export type CoreErrorCode = 'encoding_malformed' | 'json_malformed' | 'json_ambiguous' | 'key_invalid'

/** The error class of `@behalf/core`. */
export class CoreError extends BehalfError<CoreErrorCode> {}
