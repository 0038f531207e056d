import { CoreError } from './error.ts'
import type { JsonValue } from './json-value.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const HEX4 = /^[0-9a-fA-F]{4}$/
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
    this.#skipSpace()
    switch (this.#text[this.#offset]) {
      case '{':
        return this.#readObject(depth + 1)
      case '[':
        return this.#readArray(depth + 1)
      case '"':
        return this.#readString()
      case 't':
        return this.#readWord('true', true)
      case 'f':
        return this.#readWord('false', false)
      case 'n':
        return this.#readWord('null', null)
      default:
        return this.#readNumber()
    }
  }

  #readObject(depth: number): JsonValue {
    this.#enter(depth)
    const object: Record<string, JsonValue> = Object.create(null)
    if (this.#take('}')) return object
    const foldedNames = new Set<string>()
    do {
      this.#countMember()
      this.#skipSpace()
      const name = this.#readName(foldedNames)
      this.#expect(':')
      object[name] = this.#readValue(depth)
    } while (this.#take(','))
    this.#expect('}')
    return object
  }

  #readArray(depth: number): JsonValue {
    this.#enter(depth)
    const array: JsonValue[] = []
    if (this.#take(']')) return array
    do {
      this.#countMember()
      array.push(this.#readValue(depth))
    } while (this.#take(','))
    this.#expect(']')
    return array
  }

  #readName(foldedNames: Set<string>): string {
    const name = this.#readString()
    if (REFUSED_NAMES.has(name)) throw this.#ambiguous('a member name with a meaning in JavaScript')
    const folded = foldCase(name)
    if (foldedNames.has(folded))
      throw this.#ambiguous('two member names that are equal or differ only in case')
    foldedNames.add(folded)
    return name
  }

  #readString(): string {
    if (this.#text.charCodeAt(this.#offset) !== QUOTE) throw this.#malformed()
    this.#offset += 1
    let value = this.#readPlain()
    while (this.#text.charCodeAt(this.#offset) === BACKSLASH) value += this.#readEscape() + this.#readPlain()
    this.#offset += 1
    if (!value.isWellFormed()) throw this.#ambiguous('a lone surrogate')
    return value
  }

  /** Returns the characters up to the next quote or backslash. */
  #readPlain(): string {
    const start = this.#offset
    let code = this.#text.charCodeAt(this.#offset)
    while (code !== QUOTE && code !== BACKSLASH) {
      // Past the end the code is NaN, which is not at least a space either.
      if (!(code >= 0x20)) throw this.#malformed()
      this.#offset += 1
      code = this.#text.charCodeAt(this.#offset)
    }
    return this.#text.slice(start, this.#offset)
  }

  #readEscape(): string {
    const letter = this.#text[this.#offset + 1] ?? ''
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

  #readWord(word: string, value: JsonValue): JsonValue {
    if (!this.#text.startsWith(word, this.#offset)) throw this.#malformed()
    this.#offset += word.length
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

  #expect(character: string): void {
    if (!this.#take(character)) throw this.#malformed()
  }

  /** Skips white space and then `character`, when that is next. */
  #take(character: string): boolean {
    this.#skipSpace()
    if (this.#text[this.#offset] !== character) return false
    this.#offset += 1
    return true
  }

  #skipSpace(): void {
    let code = this.#text.charCodeAt(this.#offset)
    while (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) {
      this.#offset += 1
      code = this.#text.charCodeAt(this.#offset)
    }
  }

  #malformed(): CoreError {
    return new CoreError('json_malformed', `The JSON text is malformed at character ${this.#offset}`)
  }

  #ambiguous(what: string): CoreError {
    return new CoreError('json_ambiguous', `The JSON text has ${what}, before character ${this.#offset}`)
  }
}

// Lower-case alone would keep U+017F and "s" apart, which parsers that fold case do not.
function foldCase(name: string): string {
  return name.toLowerCase().toUpperCase().toLowerCase()
}
