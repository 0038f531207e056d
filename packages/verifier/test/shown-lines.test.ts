import { describe, expect, test } from 'vitest'
import { createKnownLines, readShownLines } from '../src/shown-lines.ts'

const lines = { label: 'sig', signatureKey: 'sig=jwt;jwt="leaf"', delegationChain: '"root"' }

describe('what an agent showed last', () => {
  test('is known when it shows exactly the same again', () => {
    const known = createKnownLines<string>({})
    expect(known.find('a', lines)).toBeUndefined()
    known.keep('a', lines, 'read')
    expect(known.find('a', { ...lines })).toBe('read')
    expect(known.find('b', lines)).toBeUndefined()
  })

  test.each([
    { label: 'other' },
    { signatureKey: 'sig=jwt;jwt="other"' },
    { signatureKey: undefined },
    { delegationChain: '"other"' },
    { delegationChain: undefined },
  ])('is not known with another line: %o', (change) => {
    const known = createKnownLines<string>({})
    known.keep('a', lines, 'read')
    expect(known.find('a', { ...lines, ...change })).toBeUndefined()
  })

  test('is forgotten for what it shows next, and with the cache off', () => {
    const known = createKnownLines<string>({})
    known.keep('a', lines, 'read')
    known.keep('a', { ...lines, delegationChain: undefined }, 'read later')
    expect(known.find('a', lines)).toBeUndefined()
    const off = createKnownLines<string>('off')
    off.keep('a', lines, 'read')
    expect(off.find('a', lines)).toBeUndefined()
  })

  test('is bounded in number and in bytes', () => {
    const few = createKnownLines<string>({ maxEntries: 1 })
    few.keep('a', lines, 'read')
    few.keep('b', lines, 'read')
    expect(few.find('a', lines)).toBeUndefined()
    expect(few.find('b', lines)).toBe('read')
    const size = lines.signatureKey.length + lines.delegationChain.length
    const small = createKnownLines<string>({ maxBytes: size - 1 })
    small.keep('a', lines, 'read')
    expect(small.find('a', lines)).toBeUndefined()
    const enough = createKnownLines<string>({ maxBytes: size })
    enough.keep('a', lines, 'read')
    expect(enough.find('a', lines)).toBe('read')
    enough.keep('a', { label: 'sig', signatureKey: undefined, delegationChain: undefined }, 'nothing')
    expect(enough.find('a', lines)).toBeUndefined()
  })
})

test('the lines are those of the headers, by lower-case name', () => {
  const values = new Map([
    ['signature-key', 'k'],
    ['delegation-chain', 'c'],
  ])
  expect(readShownLines({ values, repeated: new Set() }, 'sig')).toEqual({
    label: 'sig',
    signatureKey: 'k',
    delegationChain: 'c',
  })
})
