/** What was said at the start about who decides. */
export interface WhoDecides {
  /** A program, whoever is there. */
  readonly auto: boolean
  /** The reader, though nobody is seen at a terminal. */
  readonly browser: boolean
}

/**
 * Whether the reader decides, in a browser: at a terminal unless told otherwise.
 *
 * @param streams standard input and output
 */
export function hasReader(
  { auto, browser }: WhoDecides,
  streams: readonly { readonly isTTY?: boolean }[],
): boolean {
  return browser || (!auto && streams.every(({ isTTY }) => isTTY === true))
}
