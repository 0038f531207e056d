import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJsonObject } from '../src/json-value.ts'
import { parseJson } from '../src/parse-json.ts'
import { encodeUtf8 } from '../src/utf8.ts'
import { expectCode } from './support/expect-code.ts'

describe('what RFC 8259 allows', () => {
  test.each([
    ['{}', {}],
    ['[]', []],
    [' { "a" : [ 1 , { } , null ] }\r\n\t', { a: [1, {}, null] }],
    ['"text"', 'text'],
    ['true', true],
    ['false', false],
    ['null', null],
    ['0', 0],
    ['-12.5e-1', -1.25],
    ['1E+2', 100],
    ['100.0', 100],
    ['5e-324', 5e-324],
    ['1e21', 1e21],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
    ['-9007199254740991', Number.MIN_SAFE_INTEGER],
    ['"\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\uDE00é😀"', '"\\/\b\f\n\r\té😀é😀'],
    ['{"":1,"a":2,"b":3}', { '': 1, a: 2, b: 3 }],
    ['{"0":1,"1":2}', { 0: 1, 1: 2 }],
    ['" a b "', ' a b '],
    ['"\u007f\u2028"', '\u007f\u2028'],
  ])('%j', (text, value) => {
    expect(parseJson(text)).toEqual(value)
    expect(parseJson(encodeUtf8(text))).toEqual(value)
  })

  test('-0 stays a negative zero', () => {
    expect(Object.is(parseJson('-0'), -0)).toBe(true)
  })

  test('objects have no prototype, at every level', () => {
    const value = parseJson('{"a":{"b":[{}]}}')
    if (!isJsonObject(value) || !isJsonObject(value.a)) throw new Error('not an object')
    expect(Object.getPrototypeOf(value)).toBeNull()
    expect(Object.getPrototypeOf(value.a)).toBeNull()
    expect('toString' in value).toBe(false)
    expect('hasOwnProperty' in value).toBe(false)
  })

  test('agrees with JSON.parse on everything JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value)
        const parsed = tryParse(text)
        // The only texts refused are those this parser is meant to refuse.
        if (parsed.ok) expect(JSON.stringify(parsed.value)).toBe(JSON.stringify(JSON.parse(text)))
        if (!parsed.ok) expect(parsed.code).toBe('json_ambiguous')
      }),
      { numRuns: 500 },
    )
  })

  test('accepts nothing that JSON.parse refuses', () => {
    const pieces = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"a"',
      '\\',
      '1',
      '-',
      '.',
      'e',
      'true',
      ' ',
      '\n',
      '\u0000',
      'n',
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join('')
        if (tryParse(text).ok) expect(JSON.stringify(parseJson(text))).toBe(JSON.stringify(JSON.parse(text)))
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('json_malformed', () => {
  test.each([
    ['nothing', ''],
    ['white space alone', ' \n'],
    ['two values', '1 2'],
    ['a trailing comma in an object', '{"a":1,}'],
    ['a trailing comma in an array', '[1,]'],
    ['a leading comma', '[,1]'],
    ['a missing comma', '{"a":1 "b":2}'],
    ['a missing colon', '{"a" 1}'],
    ['a missing value', '{"a":}'],
    ['a missing name', '{:1}'],
    ['an unquoted name', '{a:1}'],
    ['single quotes', "{'a':1}"],
    ['a line comment', '{} // x'],
    ['a block comment', '/* x */ {}'],
    ['a hash comment', '# x\n{}'],
    ['NaN', 'NaN'],
    ['Infinity', '-Infinity'],
    ['undefined', 'undefined'],
    ['an upper-case word', 'True'],
    ['a longer word', 'nulls'],
    ['a cut word', 'tru'],
    ['a leading zero', '01'],
    ['a leading zero after the sign', '-01'],
    ['a leading plus', '+1'],
    ['a leading point', '.5'],
    ['a trailing point', '1.'],
    ['an empty exponent', '1e'],
    ['a sign alone', '-'],
    ['a hexadecimal number', '0x10'],
    ['a separator in a number', '1_000'],
    ['an unclosed string', '"abc'],
    ['an unclosed escape', '"\\'],
    ['an unknown escape', '"\\x41"'],
    ['an upper-case escape', '"\\N"'],
    ['a short unicode escape', '"\\u12"'],
    ['a unicode escape that ends in other letters', '"\\u12zz"'],
    ['a unicode escape that begins with other letters', '"\\uzz12"'],
    ['a unicode escape with a sign', '"\\u+123"'],
    ['a tab in a string', '"a\tb"'],
    ['a line feed in a string', '"a\nb"'],
    ['a NUL in a string', '"a\0b"'],
    ['an unclosed array', '[1'],
    ['an unclosed object', '{"a":1'],
    ['a stray bracket', '[1]]'],
    ['mismatched brackets', '[1}'],
    ['a no-break space', '\u00a01'],
    ['a vertical tab', '\u000b1'],
    ['a form feed', '\f1'],
    ['a byte order mark', '\uFEFF{}'],
  ])('%s', (_, text) => {
    expectCode('json_malformed', () => parseJson(text))
    expectCode('json_malformed', () => parseJson(encodeUtf8(text)))
  })

  test('bytes that are not UTF-8', () => {
    const error = expectCode('json_malformed', () => parseJson(Uint8Array.of(0x22, 0xff, 0x22)))
    expect(error.cause).toMatchObject({ code: 'encoding_malformed' })
    expectCode('json_malformed', () => parseJson(Uint8Array.of(0x22, 0xc0, 0xaf, 0x22)))
    expectCode('json_malformed', () => parseJson(Uint8Array.of(0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00)))
  })

  test('the message does not repeat the text', () => {
    expect(expectCode('json_malformed', () => parseJson('{"secret" "hunter2"}')).message).toBe(
      'The JSON text is malformed at character 10',
    )
  })
})

describe('json_ambiguous', () => {
  test.each([
    ['the same name twice', '{"a":1,"a":2}'],
    ['the same name twice, once escaped', '{"a":1,"\\u0061":2}'],
    ['the same name with an upper-case letter twice', '{"aB":1,"aB":2}'],
    ['a case variant', '{"scope":1,"Scope":2}'],
    ['a case variant, the other way round', '{"Scope":1,"scope":2}'],
    ['two case variants, neither in lower case', '{"SCOPE":1,"Scope":2}'],
    ['an accented case variant', '{"É":1,"é":2}'],
    ['the Kelvin sign as k', '{"key":1,"\u212aey":2}'],
    ['the Kelvin sign before k', '{"\u212aey":1,"key":2}'],
    ['the long s as s', '{"scope":1,"\u017fcope":2}'],
    ['the long s before s', '{"\u017fcope":1,"Scope":2}'],
    ['the final sigma', '{"\u03c3":1,"\u03c2":2}'],
    ['a repeated name deep inside', '[{"a":[{"b":{},"B":1}]}]'],
    ['a repeated empty name', '{"":1,"":2}'],
    ['a repeated name whose first value is null', '{"a":null,"a":1}'],
    ['__proto__', '{"__proto__":{"admin":true}}'],
    ['__proto__, escaped', '{"\\u005f_proto__":1}'],
    ['constructor', '{"constructor":{"prototype":{}}}'],
    ['prototype', '{"a":{"prototype":1}}'],
    ['an integer above 2^53-1', '9007199254740992'],
    ['an integer below -(2^53-1)', '[-9007199254740992]'],
    ['an integer a double cannot hold', '{"budget":9007199254740993}'],
    ['an integer of 400 digits', '1'.repeat(400)],
    ['a number above all doubles', '1e400'],
    ['a number below all doubles', '-1e400'],
    ['an escaped high surrogate alone', '"\\ud800"'],
    ['an escaped low surrogate alone', '"\\udc00x"'],
    ['surrogates the wrong way round', '"\\ude00\\ud83d"'],
    ['a surrogate in a name', '{"\\ud800":1}'],
    ['a pair split by a letter', '"\\ud83dx\\ude00"'],
  ])('%s', (_, text) => {
    expectCode('json_ambiguous', () => parseJson(text))
    expectCode('json_ambiguous', () => parseJson(encodeUtf8(text)))
  })

  test('an unescaped lone surrogate in text', () => {
    expectCode('json_ambiguous', () => parseJson('"\ud800"'))
    expectCode('json_ambiguous', () => parseJson('{"\udc00":1}'))
  })

  test('the same name in different objects is not repeated', () => {
    expect(parseJson('[{"a":1},{"a":{"a":2,"b":{"a":3}}},{"A":1}]')).toHaveLength(3)
  })

  test('a duplicate or case variant is found wherever it stands', () => {
    const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(names, fc.nat(), fc.nat(), fc.boolean(), (unique, from, to, upper) => {
        const original = unique[from % unique.length] ?? ''
        const repeated = upper ? original.toUpperCase() : original
        const all = unique.toSpliced(to % (unique.length + 1), 0, repeated)
        const text = `{${all.map((name) => `"${name}":0`).join(',')}}`
        fc.pre(!unique.includes('constructor'))
        expectCode('json_ambiguous', () => parseJson(text))
      }),
    )
  })
})

describe('limits', () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

  test('32 levels are allowed, 33 are not', () => {
    expect(parseJson(nested(32))).toBeDefined()
    expectCode('json_malformed', () => parseJson(nested(33)))
    expectCode('json_malformed', () => parseJson(`${'{"a":'.repeat(33)}1${'}'.repeat(33)}`))
  })

  test('a million levels neither overflow the stack nor take long', () => {
    const text = '['.repeat(1_000_000)
    expectCode('json_malformed', () => parseJson(text))
    expectCode('json_malformed', () => parseJson(text, { maxBytes: 2_000_000, maxDepth: 256 }))
  })

  test('the depth may be set up to 256', () => {
    expect(parseJson('[[1]]', { maxDepth: 2 })).toEqual([[1]])
    expectCode('json_malformed', () => parseJson('[[1]]', { maxDepth: 1 }))
    expect(parseJson('1', { maxDepth: 0 })).toBe(1)
    expect(parseJson(nested(256), { maxDepth: 256 })).toBeDefined()
    expect(() => parseJson('1', { maxDepth: 257 })).toThrow(new TypeError('maxDepth must be at most 256'))
  })

  test('the length counts UTF-8 bytes, of text and of bytes alike', () => {
    const text = '"ééé"'
    expect(parseJson(text, { maxBytes: 8 })).toBe('ééé')
    expect(parseJson(encodeUtf8(text), { maxBytes: 8 })).toBe('ééé')
    expectCode('json_malformed', () => parseJson(text, { maxBytes: 7 }))
    expectCode('json_malformed', () => parseJson(encodeUtf8(text), { maxBytes: 7 }))
    expectCode('json_malformed', () => parseJson('"abcdef"', { maxBytes: 7 }))
  })

  test('1 MiB is the limit unless said otherwise', () => {
    expectCode('json_malformed', () => parseJson(`"${'a'.repeat(1_048_575)}"`))
    expect(parseJson(`"${'a'.repeat(1_048_574)}"`)).toHaveLength(1_048_574)
  })

  test('members and elements are counted over the whole text', () => {
    expect(parseJson('{"a":[1,2],"b":{"c":3}}', { maxMembers: 5 })).toBeDefined()
    expectCode('json_malformed', () => parseJson('{"a":[1,2],"b":{"c":3}}', { maxMembers: 4 }))
    expectCode('json_malformed', () => parseJson(`[${'0,'.repeat(65_536)}0]`))
  })

  test('an undefined limit means the default', () => {
    expectCode('json_malformed', () => parseJson(nested(33), JSON.parse('{}')))
  })
})

type Outcome = { ok: true; value: unknown } | { ok: false; code: unknown }

function tryParse(text: string): Outcome {
  try {
    return { ok: true, value: parseJson(text) }
  } catch (error) {
    return { ok: false, code: error instanceof Error && 'code' in error ? error.code : error }
  }
}
