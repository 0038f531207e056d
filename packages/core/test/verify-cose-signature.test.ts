import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { decodeBase64url } from '../src/base64.ts'
import { concatBytes } from '../src/bytes.ts'
import { decodeEcdsaSignature } from '../src/ecdsa-signature.ts'
import { encodeUtf8 } from '../src/utf8.ts'
import { isCosePublicKey, verifyCoseSignature } from '../src/verify-cose-signature.ts'
import { coseEd25519, coseP256, coseP384, coseP521, coseRsa } from './support/cose.ts'
import { smallOrderEncodings, toLittleEndian } from './support/curve.ts'

const DATA = encodeUtf8('authenticator data and a hash of the client data')

interface Passkey {
  readonly name: string
  readonly publicKey: Uint8Array
  /** Signs under a hash function; null for the algorithms that have their own. */
  readonly sign: (data: Uint8Array, hash?: string | null) => Uint8Array
  readonly hash: string | null
  readonly coordinateLength?: number
}

const PASSKEYS: readonly Passkey[] = [
  ecPasskey({ name: 'ES256', curve: 'P-256', hash: 'sha256', spell: coseP256, coordinateLength: 32 }),
  ecPasskey({ name: 'ES384', curve: 'P-384', hash: 'sha384', spell: coseP384, coordinateLength: 48 }),
  ecPasskey({ name: 'ES512', curve: 'P-521', hash: 'sha512', spell: coseP521, coordinateLength: 66 }),
  rsaPasskey(),
  ed25519Passkey(),
]

describe.each(PASSKEYS)('$name', ({ publicKey, sign: signData, hash }) => {
  const signature = signData(DATA)
  const verify = (
    change: { data?: Uint8Array; signature?: Uint8Array; publicKey?: Uint8Array } = {},
  ): Promise<boolean> => verifyCoseSignature({ publicKey, signature, data: DATA, ...change })

  test('verifies its own signature', async () => {
    expect(await isCosePublicKey(publicKey)).toBe(true)
    expect(await verify()).toBe(true)
    expect(await verify({ data: new Uint8Array(), signature: signData(new Uint8Array()) })).toBe(true)
  })

  test('verifies none over other data, and no other signature', async () => {
    expect(await verify({ data: concatBytes(DATA, Uint8Array.of(0)) })).toBe(false)
    expect(await verify({ data: new Uint8Array() })).toBe(false)
    for (const index of [signature.length - 1, signature.length - 20])
      expect(await verify({ signature: signature.map((byte, at) => (at === index ? byte ^ 1 : byte)) })).toBe(
        false,
      )
    for (const other of [new Uint8Array(), new Uint8Array(64), new Uint8Array(256), signature.subarray(1)])
      expect(await verify({ signature: other })).toBe(false)
    expect(await verify({ signature: concatBytes(signature, Uint8Array.of(0)) })).toBe(false)
  })

  test('verifies none of another hash function', async () => {
    for (const other of ['sha1', 'sha256', 'sha384', 'sha512'].filter(
      (name) => hash !== null && name !== hash,
    ))
      expect(await verify({ signature: signData(DATA, other) })).toBe(false)
  })

  test('verifies what lies in memory that is shared', async () => {
    expect(await verify({ data: shared(DATA), signature: shared(signature) })).toBe(true)
  })

  test('verifies nothing with a key of another kind', async () => {
    for (const other of PASSKEYS.filter((passkey) => passkey.publicKey !== publicKey))
      expect(await verify({ publicKey: other.publicKey })).toBe(false)
  })
})

test('an ECDSA signature of r and s as they are, without DER, is none', async () => {
  for (const { publicKey, sign: signData, coordinateLength = 0 } of PASSKEYS.slice(0, 3)) {
    const raw = decodeEcdsaSignature(signData(DATA), coordinateLength) ?? new Uint8Array()
    expect(raw).toHaveLength(2 * coordinateLength)
    expect(await verifyCoseSignature({ publicKey, signature: raw, data: DATA })).toBe(false)
  }
})

describe('what is no key', () => {
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['other bytes', new Uint8Array(77).fill(0xa5)],
    ['a point off P-256', coseP256(new Uint8Array(32).fill(1), new Uint8Array(32).fill(2))],
    ['a point off P-384', coseP384(new Uint8Array(48).fill(1), new Uint8Array(48).fill(2))],
    ['a point off P-521', coseP521(new Uint8Array(66), new Uint8Array(66).fill(1))],
    ['a point off Ed25519', coseEd25519(toLittleEndian(2n))],
    ['RSA of 1024 bits', coseRsa(new Uint8Array(128).fill(0xff))],
  ])('%s: false, and false under every signature', async (_, publicKey) => {
    expect(await isCosePublicKey(publicKey)).toBe(false)
    for (const { sign: signData } of PASSKEYS)
      expect(await verifyCoseSignature({ publicKey, signature: signData(DATA), data: DATA })).toBe(false)
  })

  test('an Ed25519 point of small order, with its constant signature', async () => {
    const signature = concatBytes(toLittleEndian(1n), new Uint8Array(32))
    for (const encoding of smallOrderEncodings()) {
      const publicKey = coseEd25519(encoding)
      expect(await isCosePublicKey(publicKey)).toBe(false)
      expect(await verifyCoseSignature({ publicKey, signature, data: DATA })).toBe(false)
    }
  })

  test('a key with anything behind it', async () => {
    for (const passkey of PASSKEYS) {
      const publicKey = concatBytes(passkey.publicKey, Uint8Array.of(0))
      expect(await isCosePublicKey(publicKey)).toBe(false)
      expect(await verifyCoseSignature({ publicKey, signature: passkey.sign(DATA), data: DATA })).toBe(false)
    }
  })
})

function ecPasskey(kind: {
  name: string
  curve: string
  hash: string
  spell: (x: Uint8Array, y: Uint8Array) => Uint8Array
  coordinateLength: number
}): Passkey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: kind.curve })
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
  return {
    name: kind.name,
    publicKey: kind.spell(decodeBase64url(x), decodeBase64url(y)),
    sign: signWith(privateKey, kind.hash),
    hash: kind.hash,
    coordinateLength: kind.coordinateLength,
  }
}

function rsaPasskey(): Passkey {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { n = '' } = publicKey.export({ format: 'jwk' })
  return {
    name: 'RS256',
    publicKey: coseRsa(decodeBase64url(n)),
    sign: signWith(privateKey, 'sha256'),
    hash: 'sha256',
  }
}

function ed25519Passkey(): Passkey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return {
    name: 'Ed25519',
    publicKey: coseEd25519(decodeBase64url(x)),
    sign: signWith(privateKey, null),
    hash: null,
  }
}

function signWith(key: KeyObject, ownHash: string | null): Passkey['sign'] {
  return (data, hash = ownHash) => new Uint8Array(sign(hash, data, key))
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}
