import { IssuerError } from './error.ts'

/** Longest texts, in code points. What an agent says about itself is hostile text, so every field has an end. */
export const TEXT_LIMITS = {
  agentName: 80,
  purpose: 500,
  principalId: 200,
  role: 100,
  tenant: 200,
  workflowId: 200,
  workflowRun: 200,
  reason: 500,
} as const

// Cc, Cs, Co, Cn: control characters, halves of pairs, private use, unassigned. Zl, Zp: line and paragraph ends.
// Cf holds every bidi control, zero-width spaces and tag characters. Default_Ignorable_Code_Point holds what else shows
// nothing: fillers, selectors, the grapheme joiner; U+2800 is a blank of its own. What real scripts and emoji need
// stays: two joiners, two presentation selectors and the selectors of Mongolian.
const FORBIDDEN =
  /[\p{Cc}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\u2800]|(?!\u200C|\u200D|\uFE0E|\uFE0F|[\u180B-\u180D]|\u180F)[\p{Cf}\p{DI}]/u
// A joiner between marks does not end the pile.
const MARK_PILE = /(?:[\u200C\u200D]*\p{M}){5}/u
const SHOWN = /[^\s\p{M}\p{DI}]/u

/**
 * The text is short enough, visible, on one line and reads left to right as stored: no control, bidi or other
 * invisible characters and no pile of more than four combining marks.
 *
 * @param text - the text as the caller sent it; it is neither trimmed nor normalised
 * @param options.field - the name that a refusal gives
 * @param options.maxLength - in code points
 * @returns the same text
 * @throws IssuerError `input_invalid` with the field
 */
export function checkText(
  text: string,
  options: { readonly field: string; readonly maxLength: number },
): string {
  const { field, maxLength } = options
  const refuse = (rule: string): never => {
    throw new IssuerError('input_invalid', `${field} ${rule}`, { field })
  }
  // Code units bound code points from above: a huge text is refused before it is walked.
  if (text.length > 2 * maxLength || Array.from(text).length > maxLength) {
    return refuse(`must have at most ${maxLength} characters`)
  }
  if (FORBIDDEN.test(text)) return refuse('must not contain control, bidi or invisible characters')
  if (!SHOWN.test(text)) return refuse('must not be empty')
  if (MARK_PILE.test(text)) return refuse('must not pile up combining marks')
  return text
}

/**
 * As `checkText`, for a text that may be absent.
 *
 * @throws IssuerError `input_invalid` with the field
 */
export function checkOptionalText(
  text: string | undefined,
  options: { readonly field: string; readonly maxLength: number },
): string | undefined {
  return text === undefined ? undefined : checkText(text, options)
}
