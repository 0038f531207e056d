import { CoreError } from '@behalf/core'
import {
  type SfBareItem,
  type SfMember,
  type SfParameters,
  serializeDictionary,
  serializeItem,
  serializeList,
} from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { expectMistake } from './fixtures.ts'

const none: SfParameters = new Map()

function spell(value: SfBareItem): string {
  return serializeItem({ value, params: none })
}

describe('bare items', () => {
  test.each<[SfBareItem, string]>([
    [{ type: 'integer', value: 0 }, '0'],
    [{ type: 'integer', value: -0 }, '0'],
    [{ type: 'integer', value: -999_999_999_999_999 }, '-999999999999999'],
    [{ type: 'decimal', value: 1 }, '1.0'],
    [{ type: 'decimal', value: 1.5 }, '1.5'],
    [{ type: 'decimal', value: 0.25 }, '0.25'],
    [{ type: 'decimal', value: 0.125 }, '0.125'],
    [{ type: 'decimal', value: 100.1 }, '100.1'],
    [{ type: 'decimal', value: 1.001 }, '1.001'],
    [{ type: 'decimal', value: 0.0015 }, '0.002'],
    [{ type: 'decimal', value: 0.0025 }, '0.002'],
    [{ type: 'decimal', value: 0.0026 }, '0.003'],
    [{ type: 'decimal', value: -0.0025 }, '-0.002'],
    [{ type: 'decimal', value: -0.0001 }, '0.0'],
    [{ type: 'decimal', value: 9.9995 }, '10.0'],
    [{ type: 'decimal', value: 999_999_999_999.9 }, '999999999999.9'],
    [{ type: 'date', value: -1 }, '@-1'],
    [{ type: 'string', value: 'a"b\\c d' }, '"a\\"b\\\\c d"'],
    [{ type: 'token', value: '*a/b:c' }, '*a/b:c'],
    [{ type: 'byte-sequence', value: new Uint8Array([255, 254]) }, '://4=:'],
    [{ type: 'boolean', value: true }, '?1'],
    [{ type: 'boolean', value: false }, '?0'],
    [{ type: 'display-string', value: 'ü "%" ~\n' }, '%"%c3%bc %22%25%22 ~%0a"'],
  ])('%j', (item, text) => {
    expect(spell(item)).toBe(text)
  })

  test.each<SfBareItem>([
    { type: 'integer', value: 1e15 },
    { type: 'integer', value: -1e15 },
    { type: 'integer', value: 1.5 },
    { type: 'integer', value: Number.NaN },
    { type: 'integer', value: Number.POSITIVE_INFINITY },
    { type: 'date', value: 0.5 },
    { type: 'decimal', value: 1e12 },
    { type: 'decimal', value: -1e12 },
    { type: 'decimal', value: 999_999_999_999.9999 },
    { type: 'decimal', value: Number.NaN },
    { type: 'decimal', value: Number.NEGATIVE_INFINITY },
    { type: 'string', value: 'é' },
    { type: 'string', value: 'a\n' },
    { type: 'string', value: '\u007f' },
    { type: 'token', value: '' },
    { type: 'token', value: '1a' },
    { type: 'token', value: 'a b' },
    { type: 'token', value: 'a\n' },
  ])('%j cannot be expressed', (item) => {
    expectMistake(() => spell(item))
  })

  test('a display string with a lone surrogate cannot be expressed', () => {
    expect(() => spell({ type: 'display-string', value: '\ud800' })).toThrow(CoreError)
  })
})

describe('keys and containers', () => {
  const one: SfBareItem = { type: 'integer', value: 1 }
  const yes: SfBareItem = { type: 'boolean', value: true }
  const no: SfBareItem = { type: 'boolean', value: false }

  test('true is left out after a key, false is not', () => {
    const params: SfParameters = new Map<string, SfBareItem>([
      ['a', yes],
      ['b', no],
      ['c', one],
    ])
    const members = new Map<string, SfMember>([
      ['x', { value: yes, params }],
      ['y', { value: no, params: none }],
      ['z', { items: [{ value: one, params: none }], params }],
    ])
    expect(serializeDictionary(members)).toBe('x;a;b=?0;c=1, y=?0, z=(1);a;b=?0;c=1')
    expect(serializeList([...members.values()])).toBe('?1;a;b=?0;c=1, ?0, (1);a;b=?0;c=1')
  })

  test('nothing is nothing', () => {
    expect(serializeDictionary(new Map())).toBe('')
    expect(serializeList([])).toBe('')
  })

  test.each(['', 'A', '1', 'a b', 'a\n', 'é', 'a="x', '-'])('%j is no key', (key) => {
    expectMistake(() => serializeDictionary(new Map([[key, { value: one, params: none }]])))
    expectMistake(() => serializeItem({ value: one, params: new Map([[key, one]]) }))
  })
})
