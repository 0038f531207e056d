import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  createEd25519Signer,
  decodeBase64url,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  jwkThumbprint,
  parseEd25519Jwk,
  parseJson,
  sha256,
  verifyEd25519,
} from '@behalf/core'
import { calculateJwkThumbprint } from 'jose'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

interface RfcFile {
  readonly thumbprints: readonly {
    readonly source: string
    readonly jwk: JsonObject
    readonly thumbprint_sha256: string
  }[]
  readonly ed25519_jws: {
    readonly private_jwk: {
      readonly kty: string
      readonly crv: string
      readonly x: string
      readonly d: string
    }
    readonly payload_text: string
    readonly jws: string
  }
}

interface CloudflareCase {
  readonly name: string
  readonly jwk: string
  readonly precompute: string
  readonly sha256: string
  readonly thumbprint: string
}

describeNeeding('vectors', 'JWK thumbprints and Ed25519 JWKs against published vectors', () => {
  test('the 4 thumbprints of RFC 7638, RFC 8037, RFC 9449 and web-bot-auth', async () => {
    const { thumbprints } = readJson<RfcFile>('rfc7638_rfc8037.json')
    expect(thumbprints).toHaveLength(4)
    for (const { source, jwk, thumbprint_sha256 } of thumbprints) {
      expect([source, jwkThumbprint(jwk)]).toEqual([source, thumbprint_sha256])
      expect(jwkThumbprint(jwk)).toBe(await calculateJwkThumbprint(jwk))
    }
  })

  test('the 2 thumbprints of web-bot-auth, with what is hashed', () => {
    const cases = readJson<readonly CloudflareCase[]>('cloudflare_jwk_thumbprint_vectors.json')
    expect(cases).toHaveLength(2)
    for (const vector of cases) {
      const jwk = parseJson(vector.jwk)
      if (!isJsonObject(jwk)) throw new Error(`${vector.name} is not an object`)
      expect(jwkThumbprint(jwk)).toBe(vector.thumbprint)
      expect(encodeHex(decodeBase64url(jwkThumbprint(jwk)))).toBe(vector.sha256)
      expect(encodeHex(sha256(Buffer.from(vector.precompute, 'hex')))).toBe(vector.sha256)
    }
  })

  test('the key and the JWS of RFC 8037 appendix A', async () => {
    const { private_jwk, payload_text, jws } = readJson<RfcFile>('rfc7638_rfc8037.json').ed25519_jws
    const { d, ...publicJwk } = private_jwk
    const signer = createEd25519Signer(decodeBase64url(d))
    expect(parseEd25519Jwk(publicJwk)).toEqual(signer.publicKey)
    expect(() => parseEd25519Jwk(private_jwk)).toThrow('private key')

    const [header = '', payload = '', signature = ''] = jws.split('.')
    const signingInput = encodeUtf8(`${header}.${payload}`)
    expect(payload).toBe(encodeBase64url(encodeUtf8(payload_text)))
    expect(encodeBase64url(await signer.sign(signingInput))).toBe(signature)
    expect(verifyEd25519(signer.publicKey, signingInput, decodeBase64url(signature))).toBe(true)
  })
})

function readJson<File>(name: string): File {
  return JSON.parse(readFileSync(join(vectorsFolder(), 'jose', name), 'utf8'))
}
