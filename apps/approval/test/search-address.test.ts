import { describe, expect, test } from 'vitest'
import { EVERYTHING, readSearch, searchAddress } from '../src/search/search-address.ts'

describe('the address of a search', () => {
  test.each([
    [{}, '/search'],
    [{ code: 'ok' }, '/search?code=ok'],
    [
      { agent: 'did:key:z6Mk', api: 'https://a.test', run: 'a&b=c #1' },
      '/search?agent=did%3Akey%3Az6Mk&api=https%3A%2F%2Fa.test&run=a%26b%3Dc+%231',
    ],
  ])('of %j leads back to it', (wanted, address) => {
    const filter = { ...EVERYTHING, ...wanted }
    expect(searchAddress(filter)).toBe(address)
    expect(readSearch(address.split('?')[1] ?? '')).toEqual(filter)
  })

  test('that says something else looks for nothing', () => {
    expect(readSearch('before=7&__proto__=x&code=')).toEqual(EVERYTHING)
  })
})
