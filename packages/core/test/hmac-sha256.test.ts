import { createHmac } from 'node:crypto'
import { assert, property, uint8Array } from 'fast-check'
import { expect, test } from 'vitest'
import { encodeUtf8, hmacSha256 } from '../src/index.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

// RFC 4231 sections 4.2, 4.3, 4.7 and 4.8.
test.each([
  [
    new Uint8Array(20).fill(0x0b),
    'Hi There',
    'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7',
  ],
  [
    encodeUtf8('Jefe'),
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    new Uint8Array(131).fill(0xaa),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
  [
    new Uint8Array(131).fill(0xaa),
    'This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.',
    '9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2',
  ],
])('is that of the published vectors (%#)', (key, text, expected) => {
  expect(hex(hmacSha256(key, encodeUtf8(text)))).toBe(expected)
})

test('is that of the system for every length of key', () => {
  assert(
    property(uint8Array({ maxLength: 200 }), uint8Array({ maxLength: 300 }), (key, bytes) => {
      const expected = createHmac('sha256', key).update(bytes).digest('hex')
      expect(hex(hmacSha256(key, bytes))).toBe(expected)
    }),
    { numRuns: 200, seed: 20_261_128 },
  )
})
