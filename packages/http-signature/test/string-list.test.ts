import { parseStringList } from '@behalf/http-signature'
import { describe, expect, test } from 'vitest'
import { codeOf } from './fixtures.ts'

const name = 'delegation-chain'

function parse(value: string): string {
  return codeOf(() => parseStringList([['Delegation-Chain', value]], name))
}

describe('parseStringList', () => {
  test('reads the strings in order', () => {
    expect(parseStringList([['Delegation-Chain', ' "a", "b" ,"c"']], name)).toEqual(['a', 'b', 'c'])
    expect(parseStringList([['DELEGATION-CHAIN', '"a"']], name)).toEqual(['a'])
  })

  test('an absent field and an empty one hold nothing', () => {
    expect(parseStringList([['Other', '"a"']], name)).toEqual([])
    expect(parseStringList([['Delegation-Chain', '']], name)).toEqual([])
  })

  test('two lines are not put together', () => {
    const lines = [
      ['Delegation-Chain', '"a"'],
      ['delegation-chain', '"b"'],
    ] as const
    expect(codeOf(() => parseStringList(lines, name))).toBe('header_ambiguous')
  })

  test.each([
    'a',
    '1',
    '("a")',
    '"a";x',
    '"a", b',
    '"a",',
    '"a" "b"',
    '"é"',
    '"a',
    `"${'a'.repeat(70_000)}"`,
  ])('%.20j is not a list of plain strings', (value) => {
    expect(parse(value)).toBe('credential_malformed')
  })
})
