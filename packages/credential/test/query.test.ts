import { describe, expect, test } from 'vitest'
import { parseQuery } from '../src/query.ts'

const read = (query: string): Record<string, string> | undefined => {
  const values = parseQuery(query)
  return values && Object.fromEntries(values)
}

describe('parseQuery', () => {
  test.each([
    ['', {}],
    ['a=1', { a: '1' }],
    ['b=2&a=1', { a: '1', b: '2' }],
    ['a=', { a: '' }],
    ['a', { a: '' }],
    ['a=1=2', { a: '1=2' }],
    ['q=a+b', { q: 'a b' }],
    ['q=a%20b', { q: 'a b' }],
    ['q=a%2Bb', { q: 'a+b' }],
    ['q=caf%C3%A9', { q: 'café' }],
    ['a%5B0%5D=1', { 'a[0]': '1' }],
    ['a=1&A=2', { a: '1', A: '2' }],
  ])('reads %s', (query, values) => {
    expect(read(query)).toEqual(values)
  })

  test('reads what URLSearchParams writes', () => {
    const values = { name: "a b&c=d+e/f?g~h!i'j(k)l*m", näme: '€😀' }
    expect(read(new URLSearchParams(values).toString())).toEqual(values)
  })

  test.each([
    ['a repeated name', 'account=1&account=2'],
    ['a name repeated in another spelling', 'a%20b=1&a+b=2'],
    ['a needlessly encoded name', '%61ccount=1'],
    ['a needlessly encoded digit', 'a=%31'],
    ['a needlessly encoded capital', 'a=%5A'],
    ['a needlessly encoded hyphen', 'a=%2D'],
    ['a needlessly encoded dot', 'a=%2e'],
    ['a needlessly encoded underscore', 'a=%5f'],
    ['an empty part', 'a=1&&b=2'],
    ['an empty part at the end', 'a=1&'],
    ['no name', '=1'],
    ['a second separator', 'a=1;admin=1'],
    ['a malformed escape', 'a=%zz'],
    ['half an escape', 'a=%4'],
    ['bytes that are not UTF-8', 'a=%ff'],
    ['overlong bytes', 'a=%c0%af'],
  ])('refuses %s', (_, query) => {
    expect(read(query)).toBeUndefined()
  })
})
