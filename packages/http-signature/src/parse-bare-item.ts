import { decodeBase64 } from '@behalf/core'
import { type FieldCursor, malformedField, take, takeCode } from './field-cursor.ts'
import type { SfBareItem } from './structured-field.ts'

const KEY = /[a-z*][a-z0-9_\-.*]*/y
const TOKEN = /[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:/]*/y
// A number with more digits than these leaves the rest standing, and no caller accepts a digit or a point there.
const DECIMAL = /-?\d{1,12}\.\d{1,3}/y
const INTEGER = /-?\d{1,15}/y
// The parser has refused whatever is neither printable nor a tab before it comes here.
const STRING_BREAKER = /["\\\t]/g
const DISPLAY_CHARACTERS = /(?:[ !#$&-~]|%[0-9a-f]{2})*/y

const QUOTE = 0x22
const PERCENT = 0x25
const MINUS = 0x2d
const COLON = 0x3a
const QUESTION = 0x3f
const AT = 0x40
const BACKSLASH = 0x5c

const TRUE: SfBareItem = { type: 'boolean', value: true }
const FALSE: SfBareItem = { type: 'boolean', value: false }

/**
 * Reads one key of a dictionary or of parameters.
 *
 * @see RFC 9651 section 4.2.3.3
 */
export function parseKey(cursor: FieldCursor): string {
  const key = take(cursor, KEY)
  if (key === undefined) throw malformedField(cursor, 'a key')
  return key
}

/**
 * Reads one bare item, whose type its first character tells.
 *
 * @see RFC 9651 section 4.2.3.1
 */
export function parseBareItem(cursor: FieldCursor): SfBareItem {
  const code = cursor.text.charCodeAt(cursor.at)
  if (code === QUOTE) return parseString(cursor)
  if (code === MINUS || (code >= 0x30 && code <= 0x39)) return parseNumber(cursor)
  if (code === COLON) return parseByteSequence(cursor)
  if (code === QUESTION) return parseBoolean(cursor)
  if (code === AT) return parseDate(cursor)
  if (code === PERCENT) return parseDisplayString(cursor)
  const value = take(cursor, TOKEN)
  if (value === undefined) throw malformedField(cursor, 'an item')
  return { type: 'token', value }
}

function parseString(cursor: FieldCursor): SfBareItem {
  cursor.at += 1
  let value = takeStringPart(cursor)
  while (takeCode(cursor, BACKSLASH)) value += parseEscaped(cursor) + takeStringPart(cursor)
  if (!takeCode(cursor, QUOTE)) throw malformedField(cursor, 'a printable character or a closing quote')
  return { type: 'string', value }
}

/** Takes everything up to the next quote, backslash or tab; one of them must come. */
function takeStringPart(cursor: FieldCursor): string {
  STRING_BREAKER.lastIndex = cursor.at
  if (!STRING_BREAKER.test(cursor.text)) throw malformedField(cursor, 'a closed string')
  const part = cursor.text.slice(cursor.at, STRING_BREAKER.lastIndex - 1)
  cursor.at = STRING_BREAKER.lastIndex - 1
  return part
}

function parseEscaped(cursor: FieldCursor): string {
  if (takeCode(cursor, QUOTE)) return '"'
  if (takeCode(cursor, BACKSLASH)) return '\\'
  throw malformedField(cursor, 'an escaped quote or backslash')
}

function parseNumber(cursor: FieldCursor): SfBareItem {
  const decimal = take(cursor, DECIMAL)
  if (decimal !== undefined) return { type: 'decimal', value: toNumber(decimal) }
  return { type: 'integer', value: parseIntegerValue(cursor) }
}

function parseIntegerValue(cursor: FieldCursor): number {
  const digits = take(cursor, INTEGER)
  if (digits === undefined) throw malformedField(cursor, 'a digit')
  return toNumber(digits)
}

/** Negative zero is one more spelling of zero: adding zero removes it. */
function toNumber(digits: string): number {
  return Number(digits) + 0
}

function parseByteSequence(cursor: FieldCursor): SfBareItem {
  const start = cursor.at + 1
  const end = cursor.text.indexOf(':', start)
  if (end === -1) throw malformedField(cursor, 'a closed byte sequence')
  const value = decodeByteSequence(cursor, cursor.text.slice(start, end))
  cursor.at = end + 1
  return { type: 'byte-sequence', value }
}

function decodeByteSequence(cursor: FieldCursor, text: string): Uint8Array {
  try {
    return decodeBase64(text)
  } catch (cause) {
    throw malformedField(cursor, 'canonical base64', cause)
  }
}

function parseBoolean(cursor: FieldCursor): SfBareItem {
  cursor.at += 1
  if (takeCode(cursor, 0x31)) return TRUE
  if (takeCode(cursor, 0x30)) return FALSE
  throw malformedField(cursor, '0 or 1')
}

function parseDate(cursor: FieldCursor): SfBareItem {
  cursor.at += 1
  return { type: 'date', value: parseIntegerValue(cursor) }
}

function parseDisplayString(cursor: FieldCursor): SfBareItem {
  cursor.at += 1
  if (!takeCode(cursor, QUOTE)) throw malformedField(cursor, 'an opening quote')
  const encoded = take(cursor, DISPLAY_CHARACTERS) ?? ''
  if (!takeCode(cursor, QUOTE)) throw malformedField(cursor, 'a printable character or a closing quote')
  try {
    // Only lower-case escapes got this far, so this decodes exactly what the grammar allows and refuses bad UTF-8.
    return { type: 'display-string', value: decodeURIComponent(encoded) }
  } catch (cause) {
    throw malformedField(cursor, 'percent-encoded UTF-8', cause)
  }
}
