import { HttpSignatureError, type HttpSignatureErrorCode } from './error.ts'

/** A position in a field value that moves forward only. */
export interface FieldCursor {
  readonly text: string
  readonly code: HttpSignatureErrorCode
  /** Keys that occurred more than once, of members and of parameters alike. */
  readonly repeatedKeys: string[]
  at: number
}

/**
 * Takes what a sticky pattern matches at the cursor, as a slice of the input, and moves behind it.
 *
 * @returns the matched text, `undefined` when nothing matches
 */
export function take(cursor: FieldCursor, pattern: RegExp): string | undefined {
  const start = cursor.at
  pattern.lastIndex = start
  if (!pattern.test(cursor.text)) return undefined
  cursor.at = pattern.lastIndex
  return cursor.text.slice(start, cursor.at)
}

/** True when the next character has this code; the cursor has then moved behind it. */
export function takeCode(cursor: FieldCursor, code: number): boolean {
  if (cursor.text.charCodeAt(cursor.at) !== code) return false
  cursor.at += 1
  return true
}

/** Moves the cursor behind any spaces. */
export function skipSpaces(cursor: FieldCursor): void {
  while (cursor.text.charCodeAt(cursor.at) === 0x20) cursor.at += 1
}

/** Moves the cursor behind any spaces and tabs. */
export function skipSpacesAndTabs(cursor: FieldCursor): void {
  while (cursor.text.charCodeAt(cursor.at) === 0x20 || cursor.text.charCodeAt(cursor.at) === 0x09)
    cursor.at += 1
}

/** True when nothing is left to read. */
export function isAtEnd(cursor: FieldCursor): boolean {
  return cursor.at >= cursor.text.length
}

/** The error for input that does not parse. It tells where and what was expected, never what was there. */
export function malformedField(cursor: FieldCursor, expected: string, cause?: unknown): HttpSignatureError {
  const message = `structured field: expected ${expected} at character ${cursor.at}`
  return new HttpSignatureError(cursor.code, message, cause === undefined ? {} : { cause })
}
