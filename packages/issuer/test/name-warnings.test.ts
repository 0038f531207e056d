import { describe, expect, test } from 'vitest'
import { nameWarnings } from '../src/index.ts'

describe('the warnings of a name', () => {
  test.each([
    'Calendar Bot',
    'Issue summariser 2',
    'Résumé of Ærøskøbing',
    'Re\u0301sume\u0301',
    'Календарь',
    'Ημερολόγιο',
    'カレンダー管理',
    '日本語の予定',
    'AI秘書',
    '캘린더 관리',
    'مي\u200Cخواهم',
    'क्\u200Dष',
    'Bot Календарь',
    '👩\u200D💻 helper',
    'α',
    'vitamin D3',
    '<img src=x onerror=alert(1)>',
    '',
  ])('are none for what is written in one script: %s', (name) => {
    expect(nameWarnings(name)).toEqual([])
  })

  test.each([
    ['a Cyrillic letter in a Latin word', '\u0421alendar Bot', ['Cyrillic and Latin']],
    ['a Greek one', 'Calend\u03b1r', ['Greek and Latin']],
    ['a Cherokee one', '\u13AAalendar', ['Cherokee and Latin']],
    ['one of a script that is not listed', 'calend\u12A0r', ['Latin and another script']],
    ['a Cyrillic word of look-alikes', 'С\u043e\u0441\u043e', ['Cyrillic word that looks like Latin “Coco”']],
    ['an Armenian one', '\u0585\u057D', ['Armenian word that looks like Latin “ou”']],
    ['a Greek one in capitals', '\u039a\u0391\u03a4', ['Greek word that looks like Latin “KAT”']],
    ['mathematical letters', '\u{1D402}alendar', ['special forms']],
    ['wide letters', '\uFF23alendar', ['special forms']],
    ['a joiner where nothing joins', 'Cal\u200Dendar', ['invisible']],
    ['several at once', '\uFF23al\u200Cend\u0430r', ['special forms', 'Cyrillic and Latin', 'invisible']],
  ])('tell of %s', (_name, text, expected) => {
    const warnings = nameWarnings(text)
    expect(warnings).toHaveLength(expected.length)
    for (const [index, words] of expected.entries())
      expect(warnings.join('\n'), String(index)).toContain(words)
  })

  test('do not repeat a name', () => {
    expect(nameWarnings('\u0421alendar').join()).not.toContain('alendar')
  })

  test('are each told once', () => {
    expect(nameWarnings('\u0421al \u0421end \u0421ar')).toHaveLength(1)
  })
})
