import { CoreError } from './error.ts'
import type { JsonValue } from './json-value.ts'
import { MemberNames } from './member-names.ts'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPENING_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSING_BRACKET = 0x5d
const OPENING_BRACE = 0x7b
const CLOSING_BRACE = 0x7d

const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
// Tested against four characters at most.
const HEX4 = /[0-9a-fA-F]{4}/
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])
// JavaScript gives these names a meaning of their own wherever such an object is copied or merged.
const REFUSED_NAMES: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Reads one JSON text from left to right, once. The recursion is as deep as `maxDepth`. */
export class JsonReader {
  readonly #text: string
  readonly #maxDepth: number
  #membersLeft: number
  #offset = 0

  /** @param text the whole text, already checked for its length */
  constructor(text: string, limits: { maxDepth: number; maxMembers: number }) {
    this.#text = text
    this.#maxDepth = limits.maxDepth
    this.#membersLeft = limits.maxMembers
  }

  /**
   * Returns the one value of the text.
   * @throws CoreError `json_malformed`, `json_ambiguous`
   */
  readDocument(): JsonValue {
    const value = this.#readValue(0)
    this.#skipSpace()
    if (this.#offset !== this.#text.length) throw this.#malformed()
    return value
  }

  #readValue(depth: number): JsonValue {
    switch (this.#skipSpace()) {
      case QUOTE:
        return this.#readString()
      case OPENING_BRACE:
        return this.#readObject(depth + 1)
      case OPENING_BRACKET:
        return this.#readArray(depth + 1)
      default:
        return this.#readWord()
    }
  }

  #readObject(depth: number): JsonValue {
    this.#enter(depth)
    const object: Record<string, JsonValue> = Object.create(null)
    if (this.#take(CLOSING_BRACE)) return object
    const names = new MemberNames(object)
    do {
      this.#countMember()
      const name = this.#readString()
      if (REFUSED_NAMES.has(name)) throw this.#ambiguous('a member name with a meaning in JavaScript')
      if (!names.add(name)) throw this.#ambiguous('two member names that are equal or differ only in case')
      this.#expect(COLON)
      object[name] = this.#readValue(depth)
    } while (this.#take(COMMA))
    this.#expect(CLOSING_BRACE)
    return object
  }

  #readArray(depth: number): JsonValue {
    this.#enter(depth)
    const array: JsonValue[] = []
    if (this.#take(CLOSING_BRACKET)) return array
    do {
      this.#countMember()
      array.push(this.#readValue(depth))
    } while (this.#take(COMMA))
    this.#expect(CLOSING_BRACKET)
    return array
  }

  #readString(): string {
    this.#expect(QUOTE)
    let value = this.#readPlain()
    while (this.#text.charCodeAt(this.#offset) === BACKSLASH) value += this.#readEscape() + this.#readPlain()
    this.#offset += 1
    if (!value.isWellFormed()) throw this.#ambiguous('a lone surrogate')
    return value
  }

  /** Returns the characters up to the next quote or backslash. */
  #readPlain(): string {
    const start = this.#offset
    let end = start
    let code = this.#text.charCodeAt(end)
    // Past the end the code is NaN, which is not at least a space either.
    while (code >= 0x20 && code !== QUOTE && code !== BACKSLASH) {
      end += 1
      code = this.#text.charCodeAt(end)
    }
    this.#offset = end
    if (code !== QUOTE && code !== BACKSLASH) throw this.#malformed()
    return this.#text.slice(start, end)
  }

  #readEscape(): string {
    const letter = this.#text.charAt(this.#offset + 1)
    if (letter === 'u') return this.#readUnicodeEscape()
    const character = ESCAPES.get(letter)
    if (character === undefined) throw this.#malformed()
    this.#offset += 2
    return character
  }

  #readUnicodeEscape(): string {
    const digits = this.#text.slice(this.#offset + 2, this.#offset + 6)
    if (!HEX4.test(digits)) throw this.#malformed()
    this.#offset += 6
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  #readWord(): JsonValue {
    if (this.#takeWord('true')) return true
    if (this.#takeWord('false')) return false
    if (this.#takeWord('null')) return null
    return this.#readNumber()
  }

  #readNumber(): number {
    NUMBER.lastIndex = this.#offset
    const match = NUMBER.exec(this.#text)
    if (match === null) throw this.#malformed()
    const [literal, fraction, exponent] = match
    const value = Number(literal)
    const isInteger = fraction === undefined && exponent === undefined
    if (isInteger && !Number.isSafeInteger(value)) throw this.#ambiguous('an integer outside ±(2^53-1)')
    if (!Number.isFinite(value)) throw this.#ambiguous('a number too large for a double')
    this.#offset += literal.length
    return value
  }

  #enter(depth: number): void {
    if (depth > this.#maxDepth) throw new CoreError('json_malformed', 'The JSON text is nested too deeply')
    this.#offset += 1
  }

  #countMember(): void {
    this.#membersLeft -= 1
    if (this.#membersLeft < 0) throw new CoreError('json_malformed', 'The JSON text has too many members')
  }

  #expect(code: number): void {
    if (!this.#take(code)) throw this.#malformed()
  }

  /** Skips white space and then the character `code`, when that is next. */
  #take(code: number): boolean {
    if (this.#skipSpace() !== code) return false
    this.#offset += 1
    return true
  }

  #takeWord(word: string): boolean {
    if (!this.#text.startsWith(word, this.#offset)) return false
    this.#offset += word.length
    return true
  }

  /** Skips white space and returns the code of the next character, NaN at the end. */
  #skipSpace(): number {
    let code = this.#text.charCodeAt(this.#offset)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      this.#offset += 1
      code = this.#text.charCodeAt(this.#offset)
    }
    return code
  }

  #malformed(): CoreError {
    return new CoreError('json_malformed', `The JSON text is malformed at character ${this.#offset}`)
  }

  #ambiguous(what: string): CoreError {
    return new CoreError('json_ambiguous', `The JSON text has ${what}, before character ${this.#offset}`)
  }
}
