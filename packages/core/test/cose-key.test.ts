import { describe, expect, test } from 'vitest'
import { concatBytes } from '../src/bytes.ts'
import { encodeEd25519CoseKey, readCoseKey } from '../src/cose-key.ts'
import { decodeHex } from '../src/hex.ts'
import { coseEd25519, coseKey, coseP256, coseP384, coseP521, coseRsa } from './support/cose.ts'
import { smallOrderEncodings } from './support/curve.ts'
import { expectCode } from './support/expect-code.ts'

// RFC 8032 section 7.1, test 2.
const ED25519 = decodeHex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c')
const bytes = (length: number, fill: number): Uint8Array => new Uint8Array(length).fill(fill)

const KEYS = [
  [
    'P-256',
    coseP256(bytes(32, 1), bytes(32, 2)),
    { kind: 'ecdsa', curve: 'P-256', hash: 'SHA-256', x: bytes(32, 1), y: bytes(32, 2) },
  ],
  [
    'P-384',
    coseP384(bytes(48, 1), bytes(48, 2)),
    { kind: 'ecdsa', curve: 'P-384', hash: 'SHA-384', x: bytes(48, 1), y: bytes(48, 2) },
  ],
  [
    'P-521',
    coseP521(bytes(66, 1), bytes(66, 2)),
    { kind: 'ecdsa', curve: 'P-521', hash: 'SHA-512', x: bytes(66, 1), y: bytes(66, 2) },
  ],
  ['EdDSA', coseEd25519(ED25519), { kind: 'ed25519', publicKey: ED25519 }],
  ['Ed25519', coseEd25519(ED25519, -19), { kind: 'ed25519', publicKey: ED25519 }],
  ['RSA of 2048 bits', coseRsa(bytes(256, 0xff)), { kind: 'rsa', modulus: bytes(256, 0xff) }],
  ['RSA of 4096 bits', coseRsa(bytes(512, 0xff)), { kind: 'rsa', modulus: bytes(512, 0xff) }],
] as const

describe.each(KEYS)('a key of %s', (_, spelled, key) => {
  test('is read as it is, into bytes of its own', () => {
    const given = spelled.slice()
    const read = readCoseKey(given)
    given.fill(0)
    expect(read).toEqual(key)
  })

  test('is not read when a byte is missing or follows', () => {
    for (let end = 0; end < spelled.length; end += 1)
      expect(readCoseKey(spelled.subarray(0, end))).toBeUndefined()
    expect(readCoseKey(concatBytes(spelled, bytes(1, 0)))).toBeUndefined()
    expect(readCoseKey(concatBytes(bytes(1, 0), spelled))).toBeUndefined()
  })

  test('is not read as the same when any byte is another', () => {
    for (let index = 0; index < spelled.length; index += 1) {
      const changed = Uint8Array.from(spelled, (byte, at) => (at === index ? byte ^ 1 : byte))
      expect(readCoseKey(changed)).not.toEqual(key)
    }
  })
})

test.each([
  [
    'an algorithm of another curve',
    coseKey([1, 2], [3, -35], [-1, 1], [-2, bytes(32, 1)], [-3, bytes(32, 2)]),
  ],
  [
    'a curve without an algorithm here',
    coseKey([1, 2], [3, -47], [-1, 8], [-2, bytes(32, 1)], [-3, bytes(32, 2)]),
  ],
  ['a key without an algorithm', coseKey([1, 2], [-1, 1], [-2, bytes(32, 1)], [-3, bytes(32, 2)])],
  ['members in another order', coseKey([3, -7], [1, 2], [-1, 1], [-2, bytes(32, 1)], [-3, bytes(32, 2)])],
  [
    'a member more',
    coseKey([1, 2], [2, bytes(1, 1)], [3, -7], [-1, 1], [-2, bytes(32, 1)], [-3, bytes(32, 2)]),
  ],
  [
    'a private part',
    coseKey([1, 2], [3, -7], [-1, 1], [-2, bytes(32, 1)], [-3, bytes(32, 2)], [-4, bytes(32, 3)]),
  ],
  ['a coordinate that is shorter', coseP256(bytes(31, 1), bytes(32, 2))],
  ['a coordinate that is longer', coseP256(bytes(32, 1), bytes(33, 2))],
  ['Ed448', coseKey([1, 1], [3, -53], [-1, 7], [-2, bytes(57, 1)])],
  ['X25519', coseKey([1, 1], [3, -8], [-1, 4], [-2, bytes(32, 1)])],
  ['RSA with PSS', coseKey([1, 3], [3, -37], [-1, bytes(256, 1)], [-2, Uint8Array.of(1, 0, 1)])],
  ['RSA with SHA-1', coseKey([1, 3], [3, -65535], [-1, bytes(256, 1)], [-2, Uint8Array.of(1, 0, 1)])],
  ['RSA with the exponent 3', coseRsa(bytes(256, 1), Uint8Array.of(3))],
  ['RSA with another exponent of three bytes', coseRsa(bytes(256, 1), Uint8Array.of(1, 0, 3))],
  ['RSA of 255 bytes', coseRsa(bytes(255, 1))],
  [
    'RSA of 255 bytes whose length is spelled in two',
    decodeHex(`a4010303390100205900ff${'01'.repeat(255)}2143010001`),
  ],
  ['RSA of 513 bytes', coseRsa(bytes(513, 1))],
  ['RSA with a zero in front', coseRsa(concatBytes(bytes(1, 0), bytes(256, 1)))],
  ['nothing', new Uint8Array()],
])('%s is not read', (_, spelled) => {
  expect(readCoseKey(spelled)).toBeUndefined()
})

describe('encodeEd25519CoseKey', () => {
  test('spells the key with EdDSA', () => {
    expect(encodeEd25519CoseKey(ED25519)).toEqual(coseEd25519(ED25519))
  })

  test('refuses what is not a key', () => {
    expectCode('key_invalid', () => encodeEd25519CoseKey(ED25519.subarray(1)))
    for (const encoding of smallOrderEncodings())
      expectCode('key_invalid', () => encodeEd25519CoseKey(encoding))
  })
})
