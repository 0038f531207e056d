/** Something happened that must never happen; the message says what. */
export class Violation extends Error {}

/** Throws a Violation unless the condition holds. */
export function must(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Violation(message)
}
