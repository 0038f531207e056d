import { createBoundedMap } from '@behalf/core'
import type { HttpSignatureErrorCode } from './error.ts'
import {
  type FieldCursor,
  isAtEnd,
  malformedField,
  skipSpaces,
  skipSpacesAndTabs,
  takeCode,
} from './field-cursor.ts'
import { parseBareItem, parseKey } from './parse-bare-item.ts'
import { isPrintable } from './printable.ts'
import {
  NO_PARAMETERS,
  type SfBareItem,
  type SfItem,
  type SfMember,
  type SfParameters,
} from './structured-field.ts'

/** The longest field value that is looked at, in characters, unless the caller sets another limit. */
export const MAX_FIELD_LENGTH = 65_536

/** Options of the three parsers. */
export interface ParseStructuredFieldOptions {
  /** The code to refuse malformed input with; `signature_malformed` unless set. */
  readonly code?: HttpSignatureErrorCode
  /** The longest value accepted, in characters; {@link MAX_FIELD_LENGTH} unless set. */
  readonly maxLength?: number
}

/** What every parser also reports. */
export interface SfReport {
  /**
   * Keys that occurred more than once, of members and of parameters. RFC 9651 lets the last one win and so do the
   * values here; a profile that must not guess refuses when this is not empty.
   */
  readonly repeatedKeys: readonly string[]
}

/** A parsed dictionary: members in the order their keys first occurred. */
export interface SfDictionary extends SfReport {
  readonly members: ReadonlyMap<string, SfMember>
}

/** A parsed list. */
export interface SfList extends SfReport {
  readonly members: readonly SfMember[]
}

/** A parsed item. */
export interface SfParsedItem extends SfReport {
  readonly item: SfItem
}

const COMMA = 0x2c
const SEMICOLON = 0x3b
const EQUALS = 0x3d
const SPACE = 0x20
const OPEN = 0x28
const CLOSE = 0x29

/** Characters of an inner list beyond which it is parsed anew each time. */
const MAX_KNOWN_LENGTH = 512
// A client signs the same components again and again.
const knownItems = createBoundedMap<readonly SfItem[]>(64)

const TRUE: SfBareItem = { type: 'boolean', value: true }

/**
 * Parses a dictionary in time linear in its length.
 *
 * @param text the field value; several lines of one field joined with `', '`
 * @returns its members and the keys that were repeated
 * @throws HttpSignatureError with `options.code` when the text is malformed or too long
 * @see RFC 9651 section 4.2.2
 */
export function parseDictionary(text: string, options: ParseStructuredFieldOptions = {}): SfDictionary {
  const cursor = openCursor(text, options)
  const members = new Map<string, SfMember>()
  for (let more = !isAtEnd(cursor); more; more = takeSeparator(cursor)) {
    const key = parseKey(cursor)
    const member = takeCode(cursor, EQUALS)
      ? parseMember(cursor)
      : { value: TRUE, params: parseParameters(cursor) }
    if (members.has(key)) cursor.repeatedKeys.push(key)
    members.set(key, member)
  }
  return { members, repeatedKeys: cursor.repeatedKeys }
}

/**
 * Parses a list in time linear in its length.
 *
 * @param text the field value; several lines of one field joined with `', '`
 * @returns its members and the parameter keys that were repeated
 * @throws HttpSignatureError with `options.code` when the text is malformed or too long
 * @see RFC 9651 section 4.2.1
 */
export function parseList(text: string, options: ParseStructuredFieldOptions = {}): SfList {
  const cursor = openCursor(text, options)
  const members: SfMember[] = []
  for (let more = !isAtEnd(cursor); more; more = takeSeparator(cursor)) members.push(parseMember(cursor))
  return { members, repeatedKeys: cursor.repeatedKeys }
}

/**
 * Parses an item in time linear in its length.
 *
 * @param text the field value
 * @returns the item and the parameter keys that were repeated
 * @throws HttpSignatureError with `options.code` when the text is malformed or too long
 * @see RFC 9651 section 4.2.3
 */
export function parseItem(text: string, options: ParseStructuredFieldOptions = {}): SfParsedItem {
  const cursor = openCursor(text, options)
  const item = parseOneItem(cursor)
  skipSpaces(cursor)
  if (!isAtEnd(cursor)) throw malformedField(cursor, 'the end')
  return { item, repeatedKeys: cursor.repeatedKeys }
}

function openCursor(text: string, options: ParseStructuredFieldOptions): FieldCursor {
  const { code = 'signature_malformed', maxLength = MAX_FIELD_LENGTH } = options
  const cursor: FieldCursor = { text, code, repeatedKeys: [], at: 0 }
  if (text.length > maxLength) throw malformedField(cursor, `at most ${maxLength} characters`)
  // Once at the start, which is cheaper than a class of characters per string.
  if (!isPrintable(text)) throw malformedField(cursor, 'printable ASCII')
  skipSpaces(cursor)
  return cursor
}

/** True when a comma follows, and then a member must; false at the end. */
function takeSeparator(cursor: FieldCursor): boolean {
  skipSpacesAndTabs(cursor)
  if (isAtEnd(cursor)) return false
  if (!takeCode(cursor, COMMA)) throw malformedField(cursor, 'a comma')
  skipSpacesAndTabs(cursor)
  return true
}

function parseMember(cursor: FieldCursor): SfMember {
  if (!takeCode(cursor, OPEN)) return parseOneItem(cursor)
  const items = recallItems(cursor) ?? rememberItems(cursor)
  return { items, params: parseParameters(cursor) }
}

/** The items of an inner list that was parsed before, when the text goes on as it did then. */
function recallItems(cursor: FieldCursor): readonly SfItem[] | undefined {
  const close = cursor.text.indexOf(')', cursor.at)
  if (close === -1 || close - cursor.at > MAX_KNOWN_LENGTH) return undefined
  const items = knownItems.get(cursor.text.slice(cursor.at, close))
  if (items !== undefined) cursor.at = close + 1
  return items
}

/** Remembers what it parses by its whole text. One with a parenthesis inside is never asked for: see {@link recallItems}. */
function rememberItems(cursor: FieldCursor): readonly SfItem[] {
  const start = cursor.at
  const repeatedBefore = cursor.repeatedKeys.length
  const items = parseItems(cursor)
  const close = cursor.at - 1
  const isShort = close - start <= MAX_KNOWN_LENGTH
  // What was repeated is reported again each time.
  if (isShort && cursor.repeatedKeys.length === repeatedBefore) {
    knownItems.set(cursor.text.slice(start, close), items)
  }
  return items
}

function parseItems(cursor: FieldCursor): readonly SfItem[] {
  const items: SfItem[] = []
  for (;;) {
    skipSpaces(cursor)
    if (takeCode(cursor, CLOSE)) return Object.freeze(items)
    items.push(parseOneItem(cursor))
    const next = cursor.text.charCodeAt(cursor.at)
    if (next !== SPACE && next !== CLOSE) throw malformedField(cursor, 'a space or a closing parenthesis')
  }
}

function parseOneItem(cursor: FieldCursor): SfItem {
  const value = parseBareItem(cursor)
  return { value, params: parseParameters(cursor) }
}

function parseParameters(cursor: FieldCursor): SfParameters {
  if (cursor.text.charCodeAt(cursor.at) !== SEMICOLON) return NO_PARAMETERS
  const params = new Map<string, SfBareItem>()
  while (takeCode(cursor, SEMICOLON)) {
    skipSpaces(cursor)
    const key = parseKey(cursor)
    if (params.has(key)) cursor.repeatedKeys.push(key)
    params.set(key, takeCode(cursor, EQUALS) ? parseBareItem(cursor) : TRUE)
  }
  return params
}
