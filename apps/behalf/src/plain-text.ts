const MAX_SHOWN_CHARACTERS = 300

// Control, format (bidi, zero width), surrogate, private and unassigned characters and line separators can move or
// hide what the terminal shows, so none of them is ever written.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Variation_Selector}\u115f\u1160\u3164\uffa0]/gu
// More than two marks on one letter reach into the lines above and below.
const PILED_MARKS = /(\p{M}{2})\p{M}+/gu

/** Text of somebody else, made safe to show, with what a reader should be warned of. */
export interface PlainText {
  readonly text: string
  readonly warnings: readonly string[]
}

/**
 * One line of somebody else's text, without anything that could move the cursor, reverse the reading order, hide or
 * pile up; cut after 300 characters.
 */
export function toPlainText(untrusted: string): PlainText {
  const spaced = untrusted.replace(/[\t\n\r\v\f\u0085\u2028\u2029]+/gu, ' ')
  const cleaned = spaced.replace(HIDDEN, '').replace(PILED_MARKS, '$1')
  const letters = Array.from(cleaned)
  const text = letters.slice(0, MAX_SHOWN_CHARACTERS).join('')
  return { text, warnings: warnOf({ untrusted, cleaned, cut: letters.length - MAX_SHOWN_CHARACTERS }) }
}

/** The text alone, for values whose warnings nobody reads: codes, identifiers, answers of servers. */
export function plain(untrusted: string): string {
  return toPlainText(untrusted).text
}

/** An answer's body made safe for a terminal: lines and tabs stay, everything else that is hidden goes. */
export function plainLines(untrusted: string): string {
  return untrusted
    .split(/\r?\n/u)
    .map((line) => line.replaceAll('\t', '    ').replace(HIDDEN, '').replace(PILED_MARKS, '$1'))
    .join('\n')
}

function warnOf(found: { untrusted: string; cleaned: string; cut: number }): string[] {
  const warnings: string[] = []
  if (found.untrusted !== found.cleaned) {
    warnings.push('contained characters that are hidden or move text; they are not shown')
  }
  if (found.cut > 0) {
    warnings.push(`is longer: ${found.cut} characters are not shown`)
  }
  if (mixesAlphabets(found.cleaned)) {
    warnings.push('mixes letters of alphabets that look alike')
  }
  return warnings
}

const ALPHABETS = [/\p{Script=Latin}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u]

function mixesAlphabets(text: string): boolean {
  return text.split(/\s+/u).some((word) => ALPHABETS.filter((alphabet) => alphabet.test(word)).length > 1)
}
