// Code points that a screen shows as nothing, as a line of its own, or turned around, from first to last. They are
// fixed here because the tables of an engine grow with Unicode, and a sentence must come out the same for ever.
const HIDDEN: readonly (readonly [first: number, last: number])[] = [
  [0x00, 0x1f], // controls
  [0x7f, 0xa0], // controls, no-break space
  [0xad, 0xad], // soft hyphen
  [0x34f, 0x34f], // joiner of graphemes
  [0x61c, 0x61c], // bidi mark
  [0x115f, 0x1160], // fillers
  [0x1680, 0x1680], // space
  [0x17b4, 0x17b5], // vowels without a shape
  [0x180b, 0x180f], // variation selectors
  [0x2000, 0x200f], // spaces, joiners, bidi marks
  [0x2028, 0x202f], // separators, bidi controls
  [0x205f, 0x206f], // spaces, joiners, bidi controls
  [0x2800, 0x2800], // empty braille
  [0x3000, 0x3000], // space
  [0x3164, 0x3164], // filler
  [0xd800, 0xf8ff], // halves of pairs, private use
  [0xfe00, 0xfe0f], // variation selectors
  [0xfeff, 0xfeff], // byte order mark
  [0xffa0, 0xffa0], // filler
  [0xfff0, 0xffff], // annotation, replacement, no characters
  [0x1bca0, 0x1bca3], // shorthand controls
  [0x1d173, 0x1d17a], // musical controls
  [0xe0000, 0x10ffff], // tags, variation selectors, private use
]
const MARKS: ReadonlySet<string> = new Set(['"', '\\'])

/**
 * Returns a text of somebody else as a quotation that cannot end early, hide anything or turn what follows around:
 * between straight quotation marks, with `"` and `\` after a backslash and everything invisible as `\u{…}`.
 */
export function quoteText(text: string): string {
  return `"${Array.from(text, showCharacter).join('')}"`
}

/** Returns the texts as quotations, joined to a list whose last two are joined by `conjunction`. */
export function quoteList(texts: readonly string[], conjunction: 'and' | 'or'): string {
  return joinList(texts.map(quoteText), conjunction)
}

/** Returns `a`, `a or b`, or `a, b or c`. */
export function joinList(parts: readonly string[], conjunction: 'and' | 'or'): string {
  const last = parts.at(-1) ?? ''
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} ${conjunction} ${last}`
}

function showCharacter(character: string): string {
  if (MARKS.has(character)) return `\\${character}`
  const point = character.codePointAt(0) ?? 0
  const isHidden = HIDDEN.some(([first, last]) => first <= point && point <= last)
  return isHidden ? `\\u{${point.toString(16)}}` : character
}
