import { concatBytes } from '../../src/bytes.ts'
import { encodeEd25519CoseKey } from '../../src/cose-key.ts'
import { encodeEcdsaSignature } from '../../src/ecdsa-signature.ts'
import { decodeHex } from '../../src/hex.ts'
import { createEd25519Signer } from '../../src/signer.ts'

/** A key as a passkey would have it: its COSE_Key, and its signatures in the spelling of WebAuthn. */
export interface PasskeyKey {
  readonly publicKey: Uint8Array
  readonly sign: (data: Uint8Array) => Promise<Uint8Array>
}

const CURVES = {
  ES256: { namedCurve: 'P-256', hash: 'SHA-256', head: 'a5010203262001215820', middle: '225820' },
  ES384: { namedCurve: 'P-384', hash: 'SHA-384', head: 'a501020338222002215830', middle: '225830' },
  ES512: { namedCurve: 'P-521', hash: 'SHA-512', head: 'a501020338232003215842', middle: '225842' },
} as const

/** All algorithms of the list. */
export const ALGORITHMS = ['ES256', 'ES384', 'ES512', 'RS256', 'EdDSA', 'Ed25519'] as const

/** A fresh key of an algorithm. */
export function createPasskeyKey(algorithm: (typeof ALGORITHMS)[number]): Promise<PasskeyKey> {
  if (algorithm === 'RS256') return createRsaKey(2048)
  if (algorithm === 'EdDSA' || algorithm === 'Ed25519') return createEdKey(algorithm)
  return createEcKey(algorithm)
}

/** A fresh RSA key of this many bits, with the usual exponent unless said otherwise. */
export async function createRsaKey(
  modulusLength: number,
  publicExponent = new Uint8Array([1, 0, 1]),
): Promise<PasskeyKey> {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent, hash: 'SHA-256' }
  const pair = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const { n = '' } = await crypto.subtle.exportKey('jwk', pair.publicKey)
  const modulus = new Uint8Array(Buffer.from(n, 'base64url'))
  const length = new Uint8Array([modulus.length >> 8, modulus.length & 0xff])
  const head = decodeHex('a40103033901002059')
  const tail = concatBytes(new Uint8Array([0x21, 0x40 + publicExponent.length]), publicExponent)
  return {
    publicKey: concatBytes(head, length, modulus, tail),
    sign: async (data) => new Uint8Array(await crypto.subtle.sign(algorithm, pair.privateKey, data.slice())),
  }
}

async function createEcKey(algorithm: keyof typeof CURVES): Promise<PasskeyKey> {
  const { namedCurve, hash, head, middle } = CURVES[algorithm]
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve }, true, ['sign', 'verify'])
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)).subarray(1)
  const half = point.length / 2
  return {
    publicKey: concatBytes(decodeHex(head), point.subarray(0, half), decodeHex(middle), point.subarray(half)),
    sign: async (data) =>
      encodeEcdsaSignature(
        new Uint8Array(await crypto.subtle.sign({ name: 'ECDSA', hash }, pair.privateKey, data.slice())),
      ),
  }
}

async function createEdKey(algorithm: 'EdDSA' | 'Ed25519'): Promise<PasskeyKey> {
  const signer = createEd25519Signer(new Uint8Array(32).fill(9))
  const publicKey = encodeEd25519CoseKey(signer.publicKey)
  // -8 and -19, in the fifth byte.
  if (algorithm === 'Ed25519') publicKey[4] = 0x32
  return { publicKey, sign: (data) => signer.sign(data) }
}
