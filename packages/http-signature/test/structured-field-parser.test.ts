import {
  HttpSignatureError,
  isInnerList,
  MAX_FIELD_LENGTH,
  parseDictionary,
  parseItem,
  parseList,
  type SfBareItem,
  type SfMember,
  serializeDictionary,
  serializeItem,
  serializeList,
} from '@behalf/http-signature'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { codeOf, refusalOf } from './fixtures.ts'

function bare(text: string): SfBareItem {
  return parseItem(text).item.value
}

describe('bare items', () => {
  test.each<[string, SfBareItem]>([
    ['1', { type: 'integer', value: 1 }],
    ['-1', { type: 'integer', value: -1 }],
    ['-0', { type: 'integer', value: 0 }],
    ['007', { type: 'integer', value: 7 }],
    ['999999999999999', { type: 'integer', value: 999_999_999_999_999 }],
    ['1.0', { type: 'decimal', value: 1 }],
    ['-1.125', { type: 'decimal', value: -1.125 }],
    ['123456789012.125', { type: 'decimal', value: 123_456_789_012.125 }],
    ['@1659578233', { type: 'date', value: 1_659_578_233 }],
    ['@-1', { type: 'date', value: -1 }],
    ['""', { type: 'string', value: '' }],
    ['"a b"', { type: 'string', value: 'a b' }],
    ['"a\\"b\\\\c"', { type: 'string', value: 'a"b\\c' }],
    ['"\\\\"', { type: 'string', value: '\\' }],
    ['a', { type: 'token', value: 'a' }],
    ['*a:b/c~1', { type: 'token', value: '*a:b/c~1' }],
    ['A', { type: 'token', value: 'A' }],
    ['::', { type: 'byte-sequence', value: new Uint8Array() }],
    [':AQI=:', { type: 'byte-sequence', value: new Uint8Array([1, 2]) }],
    ['?1', { type: 'boolean', value: true }],
    ['?0', { type: 'boolean', value: false }],
    ['%"f%c3%bc \\ "', { type: 'display-string', value: 'fü \\ ' }],
  ])('%s', (text, value) => {
    const parsed = bare(text)
    expect(parsed).toEqual(value)
    expect(parseItem(`  ${text}  `).item.value).toEqual(value)
  })

  test.each([
    '',
    ' ',
    '-',
    '--1',
    '- 1',
    '+1',
    '1.',
    '.1',
    '1.1234',
    '1..1',
    '1234567890123456',
    '1234567890123.1',
    '1e3',
    '@',
    '@1.5',
    '@a',
    '"',
    '"a',
    '"a\\',
    '"a\\b"',
    '"a\\"',
    '"a\tb"',
    '"a\\\\\tb"',
    '"é"',
    '"\u007f"',
    '"\u0000"',
    'é',
    '\ud800',
    "'a'",
    '&a',
    '[a]',
    '?',
    '?2',
    '?true',
    ':',
    ':AQI=',
    ':AQI:',
    ':AQJ=:',
    ':AQ I=:',
    ':-_8=:',
    ':AQI=:AQI=:',
    '%',
    '%a',
    '%"',
    '%"a',
    '%"%C3%BC"',
    '%"%c3%bC"',
    '%"%c3"',
    '%"%"',
    '%"%zz"',
    '%"é"',
    '1 2',
    '1,2',
    '1\t',
    '\t1',
    '(1)',
    '1 ;a',
  ])('%j is refused', (text) => {
    expect(codeOf(() => parseItem(text))).toBe('signature_malformed')
  })
})

describe('parameters', () => {
  test('come in order, a bare one is true, spaces may follow the semicolon only', () => {
    const { item } = parseItem('a;x=1;  y;z="q";*.-_=b')
    expect([...item.params]).toEqual([
      ['x', { type: 'integer', value: 1 }],
      ['y', { type: 'boolean', value: true }],
      ['z', { type: 'string', value: 'q' }],
      ['*.-_', { type: 'token', value: 'b' }],
    ])
  })

  test.each(['a;', 'a; ', 'a;X=1', 'a;1=1', 'a;x =1', 'a;x= 1', 'a ;x', 'a;\tx', 'a;x=', 'a;x=(1)', 'a;;x'])(
    '%j is refused',
    (text) => {
      expect(codeOf(() => parseItem(text))).toBe('signature_malformed')
    },
  )

  test('that are repeated are reported; the last one wins, in the place of the first', () => {
    const { item, repeatedKeys } = parseItem('a;x=1;y=2;x=3')
    expect(repeatedKeys).toEqual(['x'])
    expect([...item.params.keys()]).toEqual(['x', 'y'])
    expect(item.params.get('x')).toEqual({ type: 'integer', value: 3 })
  })

  test('that are repeated are reported wherever they stand', () => {
    expect(parseList('a;x;x').repeatedKeys).toEqual(['x'])
    expect(parseList('(a;x;x)').repeatedKeys).toEqual(['x'])
    expect(parseList('(a);x;x').repeatedKeys).toEqual(['x'])
    expect(parseDictionary('m;x;x').repeatedKeys).toEqual(['x'])
    expect(parseDictionary('m=1;x;x;x').repeatedKeys).toEqual(['x', 'x'])
    expect(parseDictionary('m=1;x, n=1;x').repeatedKeys).toEqual([])
  })
})

describe('lists', () => {
  test('hold items and inner lists, and may be empty', () => {
    expect(parseList('').members).toEqual([])
    expect(parseList('  ').members).toEqual([])
    expect(serializeList(parseList('a \t,\t "b";x , ( c   1 );y,()').members)).toBe('a, "b";x, (c 1);y, ()')
  })

  test.each([
    ',',
    'a,',
    'a, ',
    'a,,b',
    ',a',
    'a b',
    '(',
    '(a',
    '(a b',
    '(a,b)',
    '(a\tb)',
    '("a""b")',
    '((a))',
    'a)',
    '(a) b',
    '\ta',
  ])('%j is refused', (text) => {
    expect(codeOf(() => parseList(text))).toBe('signature_malformed')
  })
})

describe('dictionaries', () => {
  test('hold members by key, a bare key is true', () => {
    const { members } = parseDictionary('a, b;x, c=?0, *d=(1 2);y')
    expect([...members.keys()]).toEqual(['a', 'b', 'c', '*d'])
    expect(members.get('a')).toEqual({ value: { type: 'boolean', value: true }, params: new Map() })
    expect(serializeDictionary(members)).toBe('a, b;x, c=?0, *d=(1 2);y')
  })

  test('report repeated keys; the last one wins, in the place of the first', () => {
    const { members, repeatedKeys } = parseDictionary('a=1,b=2,a=3,a')
    expect(repeatedKeys).toEqual(['a', 'a'])
    expect(serializeDictionary(members)).toBe('a, b=2')
  })

  test('keep keys that are members of every object apart from it', () => {
    const { members, repeatedKeys } = parseDictionary('constructor=1, *__proto__=2, hasown=3')
    expect(repeatedKeys).toEqual([])
    expect(members.size).toBe(3)
  })

  test.each([
    ',',
    'a,',
    'a=',
    'a=,b',
    'A=1',
    '1=1',
    'a =1',
    'a= 1',
    '"a"=1',
    'a=1 b=2',
    'a=1;',
    '=1',
    '-a=1',
    'a\u00a0',
  ])('%j is refused', (text) => {
    expect(codeOf(() => parseDictionary(text))).toBe('signature_malformed')
  })
})

describe('limits and errors', () => {
  test('a text longer than the limit is not looked at', () => {
    const text = `"${'a'.repeat(MAX_FIELD_LENGTH - 2)}"`
    expect(codeOf(() => parseItem(text))).toBe('ok')
    expect(codeOf(() => parseItem(`${text} `))).toBe('signature_malformed')
    expect(codeOf(() => parseList('a, b', { maxLength: 4 }))).toBe('ok')
    expect(codeOf(() => parseList('a, b', { maxLength: 3 }))).toBe('signature_malformed')
    expect(codeOf(() => parseDictionary('a, b', { maxLength: 3 }))).toBe('signature_malformed')
  })

  test('the caller chooses the code, and the message repeats nothing of the input', () => {
    for (const parse of [parseItem, parseList, parseDictionary]) {
      expect(codeOf(() => parse('"secret', { code: 'digest_unsupported' }))).toBe('digest_unsupported')
      expect(() => parse('"secret')).toThrow(HttpSignatureError)
      expect(() => parse('"secret')).not.toThrow(/secret/)
    }
  })

  test('a refusal keeps the error below it, where there is one', () => {
    expect(refusalOf(() => parseItem(':AQ I=:'))?.cause).toMatchObject({ code: 'encoding_malformed' })
    expect(refusalOf(() => parseItem('%"%ff"'))?.cause).toBeInstanceOf(URIError)
    expect('cause' in (refusalOf(() => parseItem('!')) ?? {})).toBe(false)
  })

  test('text of any kind is parsed or refused, and what was parsed has one spelling', () => {
    const alphabet = fc.constantFrom(...Array.from('"\\();,=:?@%*-. \t019azAZ/_é\u0000\ud800'))
    fc.assert(
      fc.property(fc.string({ unit: alphabet, maxLength: 24 }), (text) => {
        const spelled = spell(text)
        for (const again of spelled) expect(spell(again)).toContain(again)
      }),
      { numRuns: 3000, seed: 9651 },
    )
  })

  function spell(text: string): string[] {
    const spellings: string[] = []
    codeOf(() => spellings.push(serializeItem(parseItem(text).item)))
    codeOf(() => spellings.push(serializeList(parseList(text).members)))
    codeOf(() => spellings.push(serializeDictionary(parseDictionary(text).members)))
    return spellings
  }
})

describe('what is serialised parses to itself', () => {
  const key = fc.stringMatching(/^[a-z*][a-z0-9_.*-]{0,8}$/)
  const item: fc.Arbitrary<SfBareItem> = fc.oneof(
    fc.record({ type: fc.constantFrom('integer', 'date'), value: fc.integer() }),
    fc.record({ type: fc.constant('decimal'), value: fc.integer().map((value) => value / 1000 + 0) }),
    fc.record({ type: fc.constant('string'), value: fc.stringMatching(/^[ -~]{0,20}$/) }),
    fc.record({
      type: fc.constant('token'),
      value: fc.stringMatching(/^[A-Za-z*][A-Za-z0-9!#$%&'*+.^_`|~:/-]{0,9}$/),
    }),
    fc.record({
      type: fc.constant('byte-sequence'),
      value: fc.uint8Array(),
    }),
    fc.record({ type: fc.constant('boolean'), value: fc.boolean() }),
    fc.record({ type: fc.constant('display-string'), value: fc.string({ unit: 'grapheme' }) }),
  )
  const params = fc.array(fc.tuple(key, item), { maxLength: 3 }).map((entries) => new Map(entries))
  const fullItem = fc.record({ value: item, params })
  const member: fc.Arbitrary<SfMember> = fc.oneof(
    fullItem,
    fc.record({ items: fc.array(fullItem, { maxLength: 3 }), params }),
  )

  test('for dictionaries, lists and items of every type', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(key, member), { maxLength: 4 }), (entries) => {
        const members = new Map(entries)
        expect(parseDictionary(serializeDictionary(members)).members).toEqual(members)
        const values = [...members.values()]
        expect(parseList(serializeList(values)).members).toEqual(values)
        for (const value of values) {
          if (!isInnerList(value)) expect(parseItem(serializeItem(value)).item).toEqual(value)
        }
      }),
      { numRuns: 500, seed: 9651 },
    )
  })
})

describe('an inner list that comes again', () => {
  test.each(['("a" "b";x=1);y=2', '("a)b" "c")', '(:AQI=: 1 ?0)', '()', `("${'a'.repeat(600)}")`])(
    '%s',
    (text) => {
      expect(parseList(text)).toEqual(parseList(text))
    },
  )

  test('is read by what follows it now', () => {
    expect(parseList('("a");x=1').members[0]?.params.get('x')?.value).toBe(1)
    expect(parseList('("a");x=2').members[0]?.params.get('x')?.value).toBe(2)
    expect(() => parseList('("a"')).toThrow(HttpSignatureError)
    expect(() => parseList('("a")"b"')).toThrow(HttpSignatureError)
  })

  test('says each time what it repeats', () => {
    for (const _ of [1, 2]) expect(parseList('("a";x=1;x=2)').repeatedKeys).toEqual(['x'])
  })

  test('cannot be changed by whoever got it first', () => {
    const [member] = parseList('("a" "b")').members
    if (member === undefined || !isInnerList(member)) throw new Error('no inner list')
    expect(Object.isFrozen(member.items)).toBe(true)
    expect(() => Object.assign(member.items, { 0: member.items[1] })).toThrow(TypeError)
  })
})
