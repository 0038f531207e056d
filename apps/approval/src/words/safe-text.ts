// Control, format (bidi, zero-width), unassigned, private and lone surrogate characters, and odd separators: what
// could hide, reorder or push away other text.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0]|\u034f|\u17b4|\u17b5/gu

/**
 * A text from outside, with everything invisible made visible as `⟨U+202E⟩`. Escaping for HTML is React's.
 *
 * @param maxLength - in code points; a longer text ends in `…`
 */
export function safeText(text: string, maxLength = 2000): string {
  const points = Array.from(text.slice(0, 2 * maxLength + 2))
  const cut = points.length > maxLength ? `${points.slice(0, maxLength).join('')}…` : points.join('')
  return cut.replaceAll(UNSAFE, spellOut)
}

function spellOut(character: string): string {
  const point = character.codePointAt(0) ?? 0
  return `⟨U+${point.toString(16).toUpperCase().padStart(4, '0')}⟩`
}
