import { createHash } from 'node:crypto'
import { CoreError } from '@behalf/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestDelegationChain } from '../src/index.ts'

/** The definition, step by step. */
function slowDigest(links: readonly string[]): string {
  const hash = createHash('sha256')
  for (const link of links) {
    const bytes = Buffer.from(link, 'utf8')
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    hash.update(length).update(bytes)
  }
  return hash.digest('base64url')
}

const texts = fc.array(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 9 })

test('the name is the hash of the links, each with its length in front', () => {
  fc.assert(
    fc.property(texts, (links) => {
      expect(digestDelegationChain(links)).toBe(slowDigest(links))
    }),
  )
})

test.each([
  ['more links than a chain may have', Array.from({ length: 50 }, () => 'x')],
  ['links longer than a chain may be', Array.from({ length: 10 }, (_, index) => 'é'.repeat(5000 + index))],
  ['nothing', []],
  ['an empty link after a long one', ['']],
])('%s has a name as well', (_, links) => {
  expect(digestDelegationChain(links)).toBe(slowDigest(links))
})

test('a text that has no bytes has no name', () => {
  expect(() => digestDelegationChain(['x', '\ud800'])).toThrow(CoreError)
})
