/** Writing systems whose letters are taken for one another; letters of all others count as one more. */
const SCRIPTS = [
  'Latin',
  'Greek',
  'Cyrillic',
  'Armenian',
  'Georgian',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Thai',
  'Cherokee',
  'Han',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Bopomofo',
] as const

/** Which are written together. @see UTS 39 section 5.2, highly restrictive */
const TOGETHER: readonly (readonly string[])[] = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
]

const MATCHERS = SCRIPTS.map((script) => ({ script, matcher: new RegExp(`\\p{Script=${script}}`, 'u') }))

/**
 * Returns what a person should know about the name that an agent gives itself, one sentence each.
 *
 * @param name - hostile text that hides nothing, see `checkText` of `@behalf/issuer`
 * @param isUsedByAnother - another key uses the same name
 * @see UTS 39
 */
export function findNameWarnings(name: string, isUsedByAnother: boolean): readonly string[] {
  const scripts = [...new Set(Array.from(name.normalize('NFKC')).flatMap(scriptOf))]
  const isMixed =
    scripts.length > 1 && !TOGETHER.some((set) => scripts.every((script) => set.includes(script)))
  return [
    ...(isMixed
      ? [
          `The name mixes letters of ${scripts.join(' and ')}, some of which look the same. Compare the fingerprint.`,
        ]
      : []),
    ...(isUsedByAnother ? ['Another agent, with another key, uses this name. Compare the fingerprint.'] : []),
  ]
}

function scriptOf(character: string): readonly string[] {
  // Some letters, such as the mark of a long vowel, belong to no script of their own.
  if (!/\p{L}/u.test(character) || /[\p{Script=Common}\p{Script=Inherited}]/u.test(character)) return []
  return [MATCHERS.find(({ matcher }) => matcher.test(character))?.script ?? 'another script']
}
