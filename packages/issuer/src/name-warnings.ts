// Letters that look like Latin ones, with what they are taken for. A hint for people, not a proof: the full table of
// UTS 39 is much longer, and the key's fingerprint is what tells agents apart.
const LOOK_ALIKES: ReadonlyMap<string, string> = new Map(
  [
    // Cyrillic
    ['АВЕЅІЈКМНОРСТХУ', 'ABESIJKMHOPCTXY'],
    ['авеѕіјкмнорстхуԁԛԝһӏ', 'abesijkmhopctxydqwhl'],
    // Greek
    ['ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ', 'ABEZHIKMNOPTYX'],
    ['αικνορτυχγ', 'aiknoptuxy'],
    // Armenian
    ['ՕՏՍԼօոսցհզյ', 'OSULonughqj'],
  ].flatMap(([from = '', to = '']) => {
    const latin = Array.from(to)
    return Array.from(from).map((letter, index) => [letter, latin[index] ?? ''] as const)
  }),
)

// UTS 39, section 5.2, highly restrictive: writing that is one thing to its readers although its scripts are several.
const WRITTEN_TOGETHER: readonly (readonly string[])[] = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
]

// The scripts that people write names in; letters of any other count as one of "another script".
const SCRIPTS: readonly (readonly [name: string, pattern: RegExp])[] = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Armenian',
  'Hebrew',
  'Arabic',
  'Devanagari',
  'Bengali',
  'Thai',
  'Georgian',
  'Cherokee',
  'Han',
  'Hiragana',
  'Katakana',
  'Bopomofo',
  'Hangul',
].map((name) => [name, new RegExp(`^\\p{Script=${name}}$`, 'u')] as const)

const WORD = /[\p{L}\p{M}\p{N}\u200C\u200D]+/gu
const LETTER = /^\p{L}$/u
const COMMON = /^[\p{Script=Common}\p{Script=Inherited}]$/u
const JOINER = /[\u200C\u200D]/u
const NEEDS_NO_JOINER = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}]/u

/**
 * Returns what a person should be warned of before they take a name for one they know, a sentence each: letters of several scripts in
 * one word, words of another script that read like Latin, special forms of plain letters, and joiners that nothing
 * shows. Empty for most names. The text is shown beside these hints, so they do not repeat it.
 *
 * @param text - one that `checkText` let pass
 * @see UTS 39
 */
export function nameWarnings(text: string): readonly string[] {
  const warnings = new Set<string>()
  const plain = text.normalize('NFKC')
  // Composing accents is no disguise, other forms of a letter may be one.
  if (plain !== text.normalize('NFC'))
    warnings.add('The name has special forms of letters that read like plain ones.')
  for (const [word] of plain.matchAll(WORD)) {
    const warning = warnOfWord(word)
    if (warning !== undefined) warnings.add(warning)
    if (JOINER.test(word) && NEEDS_NO_JOINER.test(word))
      warnings.add('The name has invisible characters inside a word.')
  }
  return [...warnings]
}

function warnOfWord(word: string): string | undefined {
  const letters = Array.from(word).filter((letter) => LETTER.test(letter) && !COMMON.test(letter))
  const scripts = [...new Set(letters.map(scriptOf))].toSorted()
  if (scripts.length > 1 && !WRITTEN_TOGETHER.some((group) => scripts.every((one) => group.includes(one)))) {
    return `The name mixes letters of ${scripts.join(' and ')} in one word, some of which look the same.`
  }
  const [script = 'Latin'] = scripts
  if (script !== 'Latin' && letters.length > 1 && letters.every((letter) => LOOK_ALIKES.has(letter))) {
    return `The name has a ${script} word that looks like Latin “${letters.map((letter) => LOOK_ALIKES.get(letter)).join('')}”.`
  }
  return undefined
}

function scriptOf(letter: string): string {
  return SCRIPTS.find(([, pattern]) => pattern.test(letter))?.[0] ?? 'another script'
}
