import { describe, expect, test } from 'vitest'
import { checkText, IssuerError, TEXT_LIMITS } from '../src/index.ts'

const check = (text: string, maxLength = 80): string => checkText(text, { field: 'agent_name', maxLength })

describe('a text that an agent says about itself', () => {
  test.each([
    ['plain', 'Issue summariser 2'],
    ['accents', 'Résumé of Ærøskøbing'],
    ['decomposed accents', 'Re\u0301sume\u0301'],
    ['Arabic with the joiner it needs', 'می\u200Cخواهم'],
    ['an emoji made of several', '👩\u200D💻 helper'],
    ['an emoji with its presentation', '\u2764\uFE0F reader'],
    ['Mongolian with its selector', 'ᠮᠣᠩᠭᠣᠯ\u180B'],
    ['four marks on a letter', 'a\u0323\u0323\u0323\u0323b'],
    ['markup that closes a script', '</script><svg onload>'],
    ['markup, which whoever shows it escapes', '<img src=x onerror=alert(1)>'],
    ['a look-alike letter, which whoever shows it points out', 'Сalendar Bot'],
    ['exactly as long as allowed', 'x'.repeat(80)],
    ['as many emoji as allowed, though each is two code units', '😀'.repeat(80)],
  ])('passes unchanged: %s', (_name, text) => {
    expect(check(text)).toBe(text)
  })

  test.each([
    ['empty', ''],
    ['blank', '   '],
    ['too long', 'x'.repeat(81)],
    ['too many emoji', '😀'.repeat(81)],
    ['far too long', 'x'.repeat(1_000_000)],
    ['a line feed that pushes the rest below the fold', `name${'\n'.repeat(20)}`],
    ['a carriage return', 'a\rb'],
    ['a tab', 'a\tb'],
    ['an escape sequence', '\u001b[31mred'],
    ['NUL', 'a\u0000b'],
    ['a C1 control', 'a\u0085b'],
    ['right-to-left override', 'Invoice\u202Ecod.exe'],
    ['left-to-right embedding', 'a\u202Ab'],
    ['an isolate', 'a\u2066b'],
    ['an Arabic letter mark', 'a\u061Cb'],
    ['a zero-width space', 'a\u200Bb'],
    ['a byte order mark', '\uFEFFname'],
    ['a soft hyphen', 'in\u00ADvoice'],
    ['a tag character', 'a\u{E0041}b'],
    ['a line separator', 'a\u2028b'],
    ['a paragraph separator', 'a\u2029b'],
    ['half of a pair', 'a\uD800b'],
    ['a private character', 'a\uE000b'],
    ['an unassigned character', 'a\u0378b'],
    ['a Hangul filler', 'a\u3164b'],
    ['nothing but a half-width filler', '\uFFA0'],
    ['a grapheme joiner', 'a\u034Fb'],
    ['a selector that hides a byte', 'a\u{E0101}b'],
    ['a selector of no presentation', 'a\uFE00b'],
    ['a braille blank', '\u2800'],
    ['nothing but a mark', '\u0301'],
    ['nothing but joiners', '\u200D\u200C'],
    ['a pile of marks with joiners between', `Z${'\u0335\u200D'.repeat(5)}algo`],
    ['ten thousand marks', `Z${'\u0335'.repeat(10_000)}`],
    ['two hundred line feeds', `name${'\n'.repeat(200)}`],
    ['a pile of marks', `Z${'\u0335'.repeat(5)}algo`],
  ])('is refused: %s', (_name, text) => {
    const refused = expect.objectContaining({ code: 'input_invalid', field: 'agent_name' })
    expect(() => check(text)).toThrow(refused)
  })

  test('a refusal never repeats the text', () => {
    const text = 'secret\u202Etext'
    const caught = catchError(() => check(text))
    expect(caught).toBeInstanceOf(IssuerError)
    expect(String(caught)).not.toContain('secret')
  })

  test('every field that takes a text has an end', () => {
    for (const limit of Object.values(TEXT_LIMITS)) expect(limit).toBeLessThanOrEqual(500)
  })
})

function catchError(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
