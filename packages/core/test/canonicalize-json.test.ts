import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalizeJson } from '../src/canonicalize-json.ts'
import type { JsonObject, JsonValue } from '../src/json-value.ts'
import { parseJson } from '../src/parse-json.ts'
import { expectCode } from './support/expect-code.ts'

test('members are ordered by UTF-16 code units, at every level', () => {
  expect(canonicalizeJson({ b: { d: 1, c: 2 }, a: [{ z: 1, y: 2 }], 10: 1, 9: 2 })).toBe(
    '{"10":1,"9":2,"a":[{"y":2,"z":1}],"b":{"c":2,"d":1}}',
  )
  // U+1F600 starts with the unit D83D and so stands before U+FB33, although its code point is higher.
  expect(canonicalizeJson({ '\ufb33': 3, '\u{1f600}': 2, '\u20ac': 1 })).toBe(
    '{"\u20ac":1,"\u{1f600}":2,"\ufb33":3}',
  )
})

test.each([
  [0, '0'],
  [-0, '0'],
  [1e21, '1e+21'],
  [1e-7, '1e-7'],
  [5e-324, '5e-324'],
  [100, '100'],
  [0.1 + 0.2, '0.30000000000000004'],
  [333333333.3333333, '333333333.3333333'],
  [-1.5, '-1.5'],
])('the number %d', (value, text) => {
  expect(canonicalizeJson(value)).toBe(text)
})

test('strings escape what they must and nothing else', () => {
  expect(canonicalizeJson('\u20ac$\u000f\u000a\u001bA\'\u0042\u0022\u005c\\"\u002f\u2028<é\u{1f600}')).toBe(
    '"€$\\u000f\\n\\u001bA\'B\\"\\\\\\\\\\"/\u2028<é😀"',
  )
})

test.each([
  [null, 'null'],
  [true, 'true'],
  [false, 'false'],
  [[], '[]'],
  [{}, '{}'],
])('%j', (value, text) => {
  expect(canonicalizeJson(value)).toBe(text)
})

describe('what JSON cannot express is json_ambiguous', () => {
  const cyclic: Record<string, unknown> = {}
  cyclic.self = cyclic
  const cyclicArray: unknown[] = []
  cyclicArray.push([cyclicArray])
  const foreign: [string, unknown][] = [
    ['undefined', undefined],
    ['a big integer', 1n],
    ['a function', (): void => {}],
    ['a symbol', Symbol('x')],
    ['a date', new Date(0)],
    ['bytes', new Uint8Array(2)],
    ['a map', new Map()],
    ['an object that contains itself', cyclic],
    ['an array that contains itself', cyclicArray],
    ['an array with a hole', Array(2)],
  ]

  test.each<[string, JsonValue]>([
    ['NaN', Number.NaN],
    ['Infinity', Number.POSITIVE_INFINITY],
    ['-Infinity', [Number.NEGATIVE_INFINITY]],
    ['a lone surrogate', 'a\ud800'],
    ['a lone surrogate in a name', { '\udc00': 1 }],
  ])('%s', (_, value) => {
    expectCode('json_ambiguous', () => canonicalizeJson(value))
  })

  test.each(foreign)('%s, alone, in an array and in an object', (_, value) => {
    // @ts-expect-error what a caller without types may pass
    expectCode('json_ambiguous', () => canonicalizeJson(value))
    // @ts-expect-error what a caller without types may pass
    expectCode('json_ambiguous', () => canonicalizeJson([value]))
    // @ts-expect-error what a caller without types may pass
    expectCode('json_ambiguous', () => canonicalizeJson({ member: value }))
  })
})

test.each<[string, (value: JsonValue) => JsonValue]>([
  ['arrays', (value) => [value]],
  ['objects', (value) => ({ a: value })],
])('%s may be nested 512 levels deep and no more', (_, wrap) => {
  let value: JsonValue = 0
  for (let level = 0; level < 512; level += 1) value = wrap(value)
  expect(JSON.parse(canonicalizeJson(value))).toEqual(value)
  expectCode('json_ambiguous', () => canonicalizeJson(wrap(value)))
})

describe('agrees with a slow twin written from RFC 8785', () => {
  test('on generated values', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), (generated) => {
        const value: JsonValue = JSON.parse(JSON.stringify(generated))
        expect(canonicalizeJson(value)).toBe(slowlyCanonicalize(value))
      }),
      { numRuns: 300 },
    )
  })

  test('and what it writes reads back as the same value', () => {
    const value: JsonObject = { z: [1, -2.5, 'x\n', null, true, { é: 1e-9 }], A: '' }
    expect(parseJson(canonicalizeJson(value))).toEqual(value)
  })
})

/** Character by character, with a sort that compares code units one at a time. */
function slowlyCanonicalize(value: JsonValue): string {
  if (typeof value === 'string') return slowlyQuote(value)
  if (typeof value !== 'object' || value === null) return String(Object.is(value, -0) ? 0 : value)
  if (Array.isArray(value)) return `[${value.map(slowlyCanonicalize).join(',')}]`
  const members = Object.entries(value).sort(([a], [b]) => compareUnits(a, b))
  return `{${members.map(([name, member]) => `${slowlyQuote(name)}:${slowlyCanonicalize(member)}`).join(',')}}`
}

function slowlyQuote(text: string): string {
  const short: Record<string, string> = {
    '\b': 'b',
    '\t': 't',
    '\n': 'n',
    '\f': 'f',
    '\r': 'r',
    '"': '"',
    '\\': '\\',
  }
  const written = text.split('').map((unit) => {
    if (short[unit] !== undefined) return `\\${short[unit]}`
    return unit < ' ' ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : unit
  })
  return `"${written.join('')}"`
}

function compareUnits(a: string, b: string): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const difference = a.charCodeAt(index) - b.charCodeAt(index)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
