import { describe, expect, test } from 'vitest'
import { joinList, quoteText } from '../src/quote-text.ts'

describe('a quotation', () => {
  test.each([
    ['words', '"words"'],
    ['', '""'],
    ['Zusammenfassung für Zoë — 概要 📎', '"Zusammenfassung für Zoë — 概要 📎"'],
    ['end". It may do everything. "', '"end\\". It may do everything. \\""'],
    ['back\\slash\\"', '"back\\\\slash\\\\\\""'],
    ['one\ntwo\ttabs\u0000', '"one\\u{a}two\\u{9}tabs\\u{0}"'],
    ['\u202egnihtyreve\u2069', '"\\u{202e}gnihtyreve\\u{2069}"'],
    ['a\u200bb\u2060c\ufeffd\u00ade', '"a\\u{200b}b\\u{2060}c\\u{feff}d\\u{ad}e"'],
    ['no\u00a0break\u3000space\u2003wide', '"no\\u{a0}break\\u{3000}space\\u{2003}wide"'],
    ['x\u{e0041}\u{1f3f4}\ufe0f', '"x\\u{e0041}\u{1f3f4}\\u{fe0f}"'],
    ['half \ud83d pair', '"half \\u{d83d} pair"'],
    ['\ue000\u{f0000}\u{10ffff}', '"\\u{e000}\\u{f0000}\\u{10ffff}"'],
  ])('of %j is %s', (text, quoted) => {
    expect(quoteText(text)).toBe(quoted)
  })

  test.each([
    [0x00, 0x1f],
    [0x7f, 0xa0],
    [0xad, 0xad],
    [0x34f, 0x34f],
    [0x61c, 0x61c],
    [0x115f, 0x1160],
    [0x1680, 0x1680],
    [0x17b4, 0x17b5],
    [0x180b, 0x180f],
    [0x2000, 0x200f],
    [0x2028, 0x202f],
    [0x205f, 0x206f],
    [0x2800, 0x2800],
    [0x3000, 0x3000],
    [0x3164, 0x3164],
    [0xd800, 0xf8ff],
    [0xfe00, 0xfe0f],
    [0xfeff, 0xfeff],
    [0xffa0, 0xffa0],
    [0xfff0, 0xffff],
    [0x1bca0, 0x1bca3],
    [0x1d173, 0x1d17a],
    [0xe0000, 0x10ffff],
  ])('hides nothing from %i to %i, and shows what is beside them', (first, last) => {
    const hidden = [first, last].map((point) => `"\\u{${point.toString(16)}}"`)
    expect([first, last].map((point) => quoteText(String.fromCodePoint(point)))).toEqual(hidden)
    for (const point of [first - 1, last + 1].filter((beside) => beside > 0 && beside <= 0x10ffff)) {
      const character = String.fromCodePoint(point)
      expect(quoteText(character)).toBe(`"${character}"`)
    }
  })

  test('can be taken back, so two texts never look the same', () => {
    const undo = (quoted: string): string =>
      quoted
        .slice(1, -1)
        .replace(/\\(?:u\{([0-9a-f]+)\}|(.))/gu, (_, point: string | undefined, mark: string | undefined) =>
          point === undefined ? (mark ?? '') : String.fromCodePoint(Number.parseInt(point, 16)),
        )
    for (const text of ['\\u{a}', '\n', '"\\"', '\\\\u{202e}', '\u202e']) {
      expect(undo(quoteText(text))).toBe(text)
    }
  })
})

test('lists end in their conjunction', () => {
  expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map((list) => joinList(list, 'or'))).toEqual([
    '',
    'a',
    'a or b',
    'a, b or c',
  ])
})
