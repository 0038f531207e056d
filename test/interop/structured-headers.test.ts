import {
  HttpSignatureError,
  parseDictionary,
  parseItem,
  parseList,
  serializeDictionary,
  serializeItem,
  serializeList,
} from '@behalf/http-signature'
import fc from 'fast-check'
import * as peer from 'structured-headers'
import { describe, expect, test } from 'vitest'

// Pieces of the grammar rather than single characters, so that a good part of the texts parses. Dates and
// points are not among them: the peer refuses a space after a date, which RFC 9651 section 4.2 allows, and spells 1.0
// as the integer 1.
const WORDS = ['a', 'b', 'sig', '*k', 'A', '0', '17', '-1', '1.5', '-0', '00.500', '?1', '?0', ':AQI=:', '::']
const TEXTS = ['"a"', '"\\""', '"\\\\"', '""', '%"%c3%bc"', '%"a b"', 'tok/en:x', ';a=1', ';b', '=(1 2)']
const SIGNS = [' ', '  ', '\t', ',', ', ', '=', ';', '; ', '(', ')', '"', '\\', ':', '-', '%', '/', '{']
const FOREIGN = ['é', '\u0000', '\u007f']
const PIECES = [...WORDS, ...TEXTS, ...SIGNS, ...FOREIGN]

const text = fc.array(fc.constantFrom(...PIECES), { maxLength: 10 }).map((pieces) => pieces.join(''))

function ours(action: () => string): string {
  try {
    return action()
  } catch (error) {
    if (error instanceof HttpSignatureError) return 'refused'
    throw error
  }
}

function theirs(action: () => string): string {
  try {
    return action()
  } catch {
    return 'refused'
  }
}

describe('our structured field parser and structured-headers agree on what parses and what it means', () => {
  test.each([
    [
      'items',
      (value: string) => serializeItem(parseItem(value).item),
      (value: string) => peer.serializeItem(peer.parseItem(value)),
    ],
    [
      'lists',
      (value: string) => serializeList(parseList(value).members),
      (value: string) => peer.serializeList(peer.parseList(value)),
    ],
    [
      'dictionaries',
      (value: string) => serializeDictionary(parseDictionary(value).members),
      (value: string) => peer.serializeDictionary(peer.parseDictionary(value)),
    ],
  ])('%s', (_, spellOurs, spellTheirs) => {
    let parsed = 0
    fc.assert(
      fc.property(text, (value) => {
        const spelling = ours(() => spellOurs(value))
        if (spelling !== 'refused') parsed += 1
        expect(spelling).toBe(theirs(() => spellTheirs(value)))
      }),
      { numRuns: 20_000, seed: 9651 },
    )
    expect(parsed).toBeGreaterThan(100)
  })
})
