import { describe, expect, test } from 'vitest'
import { plain, plainLines, toPlainText } from '../src/plain-text.ts'

describe('text of somebody else', () => {
  test('is left alone when it is harmless', () => {
    expect(toPlainText('Read the issues of Łódź, 中文, العربية')).toEqual({
      text: 'Read the issues of Łódź, 中文, العربية',
      warnings: [],
    })
  })

  test.each([
    ['an escape sequence', 'a\u001b[31mb', 'a[31mb'],
    ['a bell and a backspace', 'a\u0007\u0008b', 'ab'],
    ['an eight-bit control', 'a\u009b31mb', 'a31mb'],
    ['a right-to-left override', 'Invoice\u202ecod.exe', 'Invoicecod.exe'],
    ['bidi isolates', 'a\u2066b\u2069', 'ab'],
    ['zero width characters', 'a\u200b\u200d\ufeffb', 'ab'],
    ['a lone surrogate', 'a\ud800b', 'ab'],
    ['tag characters', 'a\u{e0041}b', 'ab'],
    ['a Hangul filler', 'a\u3164b', 'ab'],
    ['variation selectors', 'a\ufe0fb', 'ab'],
    ['new lines', 'a\n\n\nb', 'a b'],
    ['a line separator', 'a\u2028b', 'a b'],
  ])('loses %s, and the reader is warned', (_name, hostile, shown) => {
    const result = toPlainText(hostile)
    expect(result.text).toBe(shown)
    expect(result.warnings).toEqual(['contained characters that are hidden or move text; they are not shown'])
  })

  test('keeps two marks on a letter and loses the rest of the pile', () => {
    expect(plain(`a${'\u0301'.repeat(50)}b`)).toBe('a\u0301\u0301b')
  })

  test('is cut after 300 characters, counted by letters and not by halves of them', () => {
    const result = toPlainText('😀'.repeat(301))
    expect(Array.from(result.text)).toHaveLength(300)
    expect(result.warnings).toEqual(['is longer: 1 characters are not shown'])
    expect(toPlainText('x'.repeat(300)).warnings).toEqual([])
  })

  test('is marked when one word mixes alphabets that look alike', () => {
    expect(toPlainText('Сalendar Bot').warnings).toEqual(['mixes letters of alphabets that look alike'])
    expect(toPlainText('Календарь Bot').warnings).toEqual([])
  })
})

test('a body for a terminal keeps its lines and loses what moves the cursor', () => {
  expect(plainLines('one\r\n\ttwo\u001b]0;title\u0007\nthree')).toBe('one\n    two]0;title\nthree')
})
