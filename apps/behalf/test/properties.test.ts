import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type OptionSpecs, parseArguments } from '../src/arguments.ts'
import { nearest } from '../src/nearest.ts'
import { serializeDocument } from '../src/output.ts'
import { plain, plainLines, toPlainText } from '../src/plain-text.ts'
import { describeSeconds } from '../src/time-words.ts'

/** Any text, rich in characters that do harm on a terminal. */
const hostile = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '\u001b[2J',
        '\u009b31m',
        '\u202e',
        '\u2066',
        '\u200b',
        '\r',
        '\n',
        '\u2028',
        '\ud800',
        '\u0301',
      ),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))

const HARMFUL = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u

describe('text of somebody else', () => {
  test('never holds a character that moves or hides text, and is never longer than 300', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = plain(text)
        expect(shown).not.toMatch(HARMFUL)
        expect(shown).not.toMatch(/\p{M}{3}/u)
        expect(Array.from(shown).length).toBeLessThanOrEqual(300)
      }),
    )
  })

  test('is not changed by being cleaned again', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(plain(plain(text))).toBe(plain(text))
      }),
    )
  })

  test('is warned of exactly when something was taken away', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const { text: shown, warnings } = toPlainText(text)
        const isWarned = warnings.some((warning) => warning.startsWith('contained'))
        expect(isWarned || warnings.some((warning) => warning.startsWith('is longer'))).toBe(shown !== text)
      }),
    )
  })

  test('of several lines keeps nothing harmful but its line ends', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        expect(plainLines(text).split('\n').join('')).not.toMatch(HARMFUL)
      }),
    )
  })
})

describe('a document', () => {
  test('reads back as what it was, and shows nothing that moves or hides text', () => {
    fc.assert(
      fc.property(hostile, fc.integer(), (text, number) => {
        const document = { text, nested: [{ number }] }
        const json = serializeDocument(document)
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(document)))
        expect(json.replaceAll('\n', '')).not.toMatch(HARMFUL)
      }),
    )
  })
})

describe('a command line', () => {
  const OPTIONS = {
    purpose: { kind: 'text', value: 'TEXT', help: '' },
    allow: { kind: 'list', value: 'RULE', help: '' },
    json: { kind: 'flag', help: '' },
  } as const satisfies OptionSpecs

  test('joined by = gives back every text as it was', () => {
    const text = fc.string({ minLength: 1 })
    fc.assert(
      fc.property(text, fc.array(text, { maxLength: 4 }), fc.boolean(), (purpose, allowed, json) => {
        const argv = [
          `--purpose=${purpose}`,
          ...allowed.map((rule) => `--allow=${rule}`),
          ...(json ? ['--json'] : []),
        ]
        const args = parseArguments(argv, { options: OPTIONS, positionals: [] })
        expect(args.text('purpose')).toBe(purpose)
        expect(args.list('allow')).toEqual(allowed)
        expect(args.flag('json')).toBe(json)
      }),
    )
  })

  test('of any words is understood or refused as wrong usage, never anything else', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constantFrom('--purpose', '--json', '--', '-', '--allow'))),
        (argv) => {
          try {
            parseArguments(argv, { options: OPTIONS, positionals: ['A?', 'B?'] })
          } catch (error) {
            expect(error).toMatchObject({ code: 'usage_invalid' })
          }
        },
      ),
    )
  })
})

describe('the nearest name', () => {
  const names = ['approve', 'deny', 'enrol', 'request', 'revoke', 'serve']

  test('of a name with one letter dropped is that name', () => {
    fc.assert(
      fc.property(fc.constantFrom('approve', 'request', 'revoke', 'enrol'), fc.nat(), (name, position) => {
        const at = position % name.length
        expect(nearest(`${name.slice(0, at)}${name.slice(at + 1)}`, names)).toBe(name)
      }),
    )
  })

  test('of a name with one letter doubled is that name', () => {
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), (name, position) => {
        const at = position % name.length
        expect(nearest(`${name.slice(0, at)}${name[at] ?? ''}${name.slice(at)}`, names)).toBe(name)
      }),
    )
  })

  test('is one of the names or none', () => {
    fc.assert(
      fc.property(fc.string(), (typed) => {
        expect([...names, undefined]).toContain(nearest(typed, names))
      }),
    )
  })
})

test('a length of time has at most two units and never more than it says', () => {
  const seconds: Readonly<Record<string, number>> = { d: 86_400, h: 3600, min: 60, s: 1 }
  fc.assert(
    fc.property(fc.nat({ max: 10_000_000 }), (length) => {
      const parts = describeSeconds(length).match(/\d+ (?:d|h|min|s)/g) ?? []
      const said = parts.reduce((sum, part) => {
        const [count = '', unit = ''] = part.split(' ')
        return sum + Number(count) * (seconds[unit] ?? Number.NaN)
      }, 0)
      expect(parts.length).toBeLessThanOrEqual(2)
      expect(said).toBeLessThanOrEqual(length)
      expect(length - said).toBeLessThan(3600)
    }),
  )
})
