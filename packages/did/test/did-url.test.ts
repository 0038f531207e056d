import { describe, expect, test } from 'vitest'
import { parseDidUrl } from '../src/did-url.ts'
import { expectCode } from './support/keys.ts'

test.each([
  ['did:key:z6Mk', 'did:key:z6Mk', undefined],
  ['did:key:z6Mk#z6Mk', 'did:key:z6Mk', 'z6Mk'],
  ['did:web:example.com%3A8080:a:b#key-1', 'did:web:example.com%3A8080:a:b', 'key-1'],
  ['did:web:a%3Ab:c', 'did:web:a%3Ab:c', undefined],
  ['did:example:a::b', 'did:example:a::b', undefined],
  ['did:ab9:._-#._~-', 'did:ab9:._-', '._~-'],
])('%s', (text, did, fragment) => {
  expect(parseDidUrl(text)).toEqual({ did, fragment })
})

describe('key_invalid', () => {
  test.each([
    '',
    'did',
    'did:',
    'did:key',
    'did:key:',
    'did:key:a:',
    'did::a',
    'notDid:key:z6Mk',
    'DID:key:z6Mk',
    'did:KEY:z6Mk',
    'did:k-y:z6Mk',
    'did:key:z6Mk#',
    'did:key:z6Mk#a#b',
    'did:key:z6Mk#a b',
    'did:key:z6Mk/path',
    'did:key:z6Mk/path#a',
    'did:key:z6Mk?query',
    'did:key:z6Mk;v=1',
    'did:key:z6Mk%2',
    'did:key:z6Mk%zz',
    'did:web:a%2:b',
    'did:web:a%:b',
    'did:web:a%zz:b',
    'did:key:@',
    'did:key:é',
    ' did:key:z6Mk',
    'did:key:z6Mk ',
    'did:key:z6Mk\n',
    'did:key:z6Mk\n#a',
    'x\ndid:key:z6Mk',
    'did:web:[::1]',
  ])('%j', (text) => {
    expectCode('key_invalid', () => parseDidUrl(text))
  })

  test('a text of more than 1,024 characters', () => {
    const longest = `did:key:${'z'.repeat(1016)}`
    expect(parseDidUrl(longest).did).toBe(longest)
    expectCode('key_invalid', () => parseDidUrl(`${longest}z`))
  })

  test('the message does not repeat the text', () => {
    expect(expectCode('key_invalid', () => parseDidUrl('<script>')).message).not.toContain('script')
  })
})
