import { encodeBase64url, isEd25519PublicKey } from '@behalf/core'
import fc from 'fast-check'
import { base58btc } from 'multiformats/bases/base58'
import { describe, expect, test, vi } from 'vitest'
import { decodeDidKey, decodeDidKeyUrl, encodeDidKey, encodeDidKeyUrl } from '../src/did-key.ts'
import { didOfBytes, expectCode, keyOf, newKeyOf } from './support/keys.ts'

const KEY = keyOf(1)
const DID = encodeDidKey(KEY)
const MULTIKEY = DID.slice('did:key:'.length)

const SMALL_ORDER = [
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0000000000000000000000000000000000000000000000000000000000000080',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa',
]
const NON_CANONICAL = [
  ['negative zero', '0100000000000000000000000000000000000000000000000000000000000080'],
  ['negative zero at y = -1', 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
  ['y = p', 'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ['y = p + 1', 'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ['y = p + 3', 'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f'],
  ['y = p + 3, negative', 'f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'],
] as const

test('a key and its DID are the same thing', () => {
  expect(DID).toMatch(/^did:key:z6Mk[1-9A-HJ-NP-Za-km-z]{44}$/)
  expect(decodeDidKey(DID)).toEqual(KEY)
  fc.assert(
    fc.property(fc.nat(255), fc.nat(255), (first, second) => {
      const publicKey = keyOf(first ^ second)
      expect(decodeDidKey(encodeDidKey(publicKey))).toEqual(publicKey)
    }),
  )
})

test('a decoded key is a copy, the first time and when it is remembered', () => {
  const publicKey = newKeyOf(77)
  const did = encodeDidKey(publicKey)
  decodeDidKey(did).fill(0)
  decodeDidKey(did).fill(0)
  expect(decodeDidKey(did)).toEqual(publicKey)
  decodeDidKeyUrl(encodeDidKeyUrl(did)).publicKey.fill(0)
  expect(decodeDidKey(did)).toEqual(publicKey)
})

test('a DID in use is decoded once', () => {
  const decode = vi.spyOn(base58btc, 'decode')
  const did = encodeDidKey(newKeyOf(78))
  for (let round = 0; round < 3; round += 1) expect(decodeDidKey(did)).toEqual(newKeyOf(78))
  expect(decode).toHaveBeenCalledTimes(1)
  decode.mockRestore()
})

test('the cause of a misspelled key is kept', () => {
  const error = expectCode('key_invalid', () => decodeDidKey(`did:key:z0${MULTIKEY.slice(2)}`))
  expect(error.cause).toBeInstanceOf(Error)
})

test('a remembered DID decodes as it did before', () => {
  const dids = Array.from({ length: 20 }, (_, index) => encodeDidKey(keyOf(index)))
  for (const did of [...dids, ...dids]) expect(encodeDidKey(decodeDidKey(did))).toBe(did)
})

describe('encodeDidKey refuses what is not a key', () => {
  test.each([...SMALL_ORDER, ...NON_CANONICAL.map(([, hex]) => hex)])('%s', (hex) => {
    expectCode('key_invalid', () => encodeDidKey(fromHex(hex)))
  })

  test.each([0, 31, 33])('%i bytes', (length) => {
    expectCode('key_invalid', () => encodeDidKey(new Uint8Array(length).fill(3)))
  })
})

describe('decodeDidKey', () => {
  test.each(SMALL_ORDER)('refuses the small-order point %s', (hex) => {
    expectCode('key_invalid', () => decodeDidKey(didOfBytes(0xed, 0x01, ...fromHex(hex))))
  })

  test.each(NON_CANONICAL)('refuses the non-canonical %s', (_, hex) => {
    expectCode('key_invalid', () => decodeDidKey(didOfBytes(0xed, 0x01, ...fromHex(hex))))
  })

  test('refuses bytes that are not on the curve', () => {
    const offCurve = Uint8Array.from({ length: 32 }, (_, index) => (index === 0 ? 2 : 0))
    expect(isEd25519PublicKey(offCurve)).toBe(false)
    expectCode('key_invalid', () => decodeDidKey(didOfBytes(0xed, 0x01, ...offCurve)))
  })

  test.each([
    ['31 bytes', didOfBytes(0xed, 0x01, ...KEY.subarray(1))],
    ['33 bytes', didOfBytes(0xed, 0x01, ...KEY, 0)],
    ['no bytes', didOfBytes(0xed, 0x01)],
    ['a varint of three bytes', didOfBytes(0xed, 0x81, 0x00, ...KEY)],
    ['a varint of three bytes and a shorter key', didOfBytes(0xed, 0x81, 0x00, ...KEY.subarray(1))],
    ['an unfinished varint', didOfBytes(0xed)],
    ['no codec', didOfBytes(...KEY)],
    ['the codec of X25519', didOfBytes(0xec, 0x01, ...KEY)],
    ['the codec of secp256k1', didOfBytes(0xe7, 0x01, ...KEY)],
    ['the codec of an Ed25519 private key', didOfBytes(0x80, 0x26, ...KEY)],
    ['a leading zero byte', didOfBytes(0, 0xed, 0x01, ...KEY)],
    ['a leading zero digit', `did:key:z1${MULTIKEY.slice(1)}`],
    ['no multibase prefix', `did:key:${MULTIKEY.slice(1)}`],
    ['an upper-case multibase prefix', `did:key:Z${MULTIKEY.slice(1)}`],
    ['multibase base64url', `did:key:u${encodeBase64url(Uint8Array.of(0xed, 0x01, ...KEY))}`],
    ['multibase base16', `did:key:fed01${Buffer.from(KEY).toString('hex')}`],
    ['a character outside base58', `did:key:z${MULTIKEY.slice(1, -1)}0`],
    ['a character outside base58 of the right length', `did:key:z0${MULTIKEY.slice(2)}`],
    ['an escaped space', `${DID}%20`],
    ['an escaped character', `did:key:%7A${MULTIKEY.slice(1)}`],
    ['a space', `${DID} `],
    ['a line feed', `${DID}\n`],
    ['the scheme in upper case', `DID:key:${MULTIKEY}`],
    ['scheme and method in upper case', `DID:KEY:${MULTIKEY}`],
    ['the method in upper case', `did:KEY:${MULTIKEY}`],
    ['the key in lower case', DID.toLowerCase()],
    ['a version before the key', `did:key:1.1:${MULTIKEY}`],
    ['a fragment', `${DID}#${MULTIKEY}`],
    ['an empty fragment', `${DID}#`],
    ['a path', `${DID}/a`],
    ['a query', `${DID}?a=b`],
    ['another method behind something else', 'x did:web:example.com'],
    ['nothing', ''],
    ['something else', 'https://api.test'],
  ])('refuses %s', (_, did) => {
    expectCode('key_invalid', () => decodeDidKey(did))
  })

  test('refuses a key of another length before it decodes it', () => {
    expectCode('key_invalid', () => decodeDidKey(`did:key:z${'z'.repeat(1_000)}`))
    expectCode('key_invalid', () => decodeDidKey(`did:key:z${'z'.repeat(1_000_000)}`))
  })

  test('has one text for each key: every changed character is another key or none', () => {
    const digits = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'.split('')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 47 }), fc.constantFrom(...digits), (index, digit) => {
        const changed = MULTIKEY.slice(0, index) + digit + MULTIKEY.slice(index + 1)
        fc.pre(changed !== MULTIKEY)
        const decoded = tryDecode(`did:key:${changed}`)
        if (decoded !== undefined)
          expect(`did:key:${base58btc.encode(Uint8Array.of(0xed, 1, ...decoded))}`).toBe(`did:key:${changed}`)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    'did:web:127.0.0.1%3A8080',
    'did:web:[::ffff:7f00:1]',
    'did:web:h:..:..:x',
    'did:example:123',
    `did:experimental:${MULTIKEY}`,
    `did:keys:${MULTIKEY}`,
    'did:web:example.com#key-1',
  ])('calls another method unsupported: %s', (did) => {
    expectCode('keyid_unsupported', () => decodeDidKey(did))
    expectCode('keyid_unsupported', () => decodeDidKeyUrl(did))
    expectCode('keyid_unsupported', () => encodeDidKeyUrl(did))
  })
})

describe('DID URLs of keys', () => {
  test('name the key twice', () => {
    expect(encodeDidKeyUrl(DID)).toBe(`${DID}#${MULTIKEY}`)
    expect(decodeDidKeyUrl(`${DID}#${MULTIKEY}`)).toEqual({ did: DID, publicKey: KEY })
  })

  test('are not made of what is not a did:key', () => {
    expectCode('key_invalid', () => encodeDidKeyUrl(`${DID}#${MULTIKEY}`))
    expectCode('key_invalid', () => encodeDidKeyUrl('did:key:z6Mk'))
  })

  test.each([
    ['no fragment', DID],
    ['an empty fragment', `${DID}#`],
    ["another key's fragment", `${DID}#${encodeDidKey(keyOf(2)).slice('did:key:'.length)}`],
    ['a fragment that is a prefix', `${DID}#${MULTIKEY.slice(0, -1)}`],
    ['a longer fragment', `${DID}#${MULTIKEY}x`],
    ['a second fragment', `${DID}#${MULTIKEY}#`],
    ['a repeated fragment', `${DID}#${MULTIKEY}#${MULTIKEY}`],
    ['an escaped fragment', `${DID}#%7A${MULTIKEY.slice(1)}`],
    ['a fragment in another case', `${DID}#${MULTIKEY.toUpperCase()}`],
    ['a query before the fragment', `${DID}?a=b#${MULTIKEY}`],
    ['a path before the fragment', `${DID}/a#${MULTIKEY}`],
    ['a space before the fragment', `${DID} #${MULTIKEY}`],
    ['a fragment alone', `#${MULTIKEY}`],
    ['nothing', ''],
  ])('with %s are refused', (_, url) => {
    expectCode('key_invalid', () => decodeDidKeyUrl(url))
  })
})

function tryDecode(did: string): Uint8Array | undefined {
  try {
    return decodeDidKey(did)
  } catch {
    return undefined
  }
}

function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'))
}
