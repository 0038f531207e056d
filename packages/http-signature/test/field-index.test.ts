import { encodeUtf8 } from '@behalf/core'
import {
  createContentDigest,
  DELEGATION_TAG,
  type FieldLines,
  indexFields,
  parseSignatureKey,
  parseStringList,
  readSignature,
  verifyContentDigest,
} from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf, signed } from './fixtures.ts'

const body = encodeUtf8('{}')
const lines: FieldLines = [
  ['Content-Digest', createContentDigest(body)],
  ['signature-key', 'sig=jwt;jwt="a.b.c"'],
  ['Delegation-Chain', '"a", "b"'],
]

describe('what reads fields takes their index as well', () => {
  test('and finds the same', async () => {
    const fields = indexFields(lines)
    expect(parseStringList(fields, 'delegation-chain')).toEqual(['a', 'b'])
    expect(parseSignatureKey(fields, 'sig')).toEqual(parseSignatureKey(lines, 'sig'))
    expect(codeOf(() => verifyContentDigest(fields, body))).toBe('ok')
    const message = await signed()
    const indexed = { ...message, fields: indexFields(message.fields) }
    const options = { tag: DELEGATION_TAG, hasBody: true }
    expect(readSignature(indexed, options)).toEqual(readSignature(message, options))
  })

  test('and refuses what is on several lines', () => {
    const fields = indexFields([...lines, ...lines])
    expect(codeOf(() => parseStringList(fields, 'delegation-chain'))).toBe('header_ambiguous')
    expect(codeOf(() => parseSignatureKey(fields, 'sig'))).toBe('header_ambiguous')
    expect(codeOf(() => verifyContentDigest(fields, body))).toBe('header_ambiguous')
  })
})

describe('an index', () => {
  test('has lower-case names, values without white space around them, and joins several lines', () => {
    const { values, repeated } = indexFields([
      ['X-A', ' \t1\t '],
      ['__proto__', 'p'],
      ['x-a', '\u00a02'],
      ['X-B', ''],
      ['X-C', ' \t '],
    ])
    expect([...values]).toEqual([
      ['x-a', '1, \u00a02'],
      ['__proto__', 'p'],
      ['x-b', ''],
      ['x-c', ''],
    ])
    expect([...repeated]).toEqual(['x-a'])
  })

  test('tells an empty line that is repeated', () => {
    const { values, repeated } = indexFields([
      ['x', ''],
      ['x', ''],
    ])
    expect(values.get('x')).toBe(', ')
    expect(repeated.has('x')).toBe(true)
  })
})
