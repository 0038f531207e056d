import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEd25519Signer, isJsonObject, type JsonObject, jwkThumbprint } from '@behalf/core'
import {
  CredentialError,
  createDpopProof,
  hashAccessToken,
  parseCompactJws,
  verifyDpopProof,
} from '@behalf/credential'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

const signer = createEd25519Signer(new Uint8Array(32).fill(7))

describeNeeding('vectors', 'the proofs printed in RFC 9449', () => {
  const vectors = (): JsonObject => readVectors('dpop', 'rfc9449.json')

  test.each(['token_request_proof', 'resource_request_proof'])(
    'the %s is signed with a key that is not ours to take',
    (name) => {
      const { dpop, htm, htu, iat, ath } = asObject(vectors()[name])
      const options = { method: text(htm), url: text(htu), now: Number(iat ?? 1562262618) * 1000 }
      const accessTokenHash = ath === undefined ? undefined : text(ath)
      expect(codeOf(() => verifyDpopProof(text(dpop), { ...options, accessTokenHash }))).toBe(
        'invalid_dpop_proof',
      )
    },
  )

  test.each(['token_request_proof', 'resource_request_proof'])(
    'the claims of the %s, signed with Ed25519, hold at their time for their request and no other',
    async (name) => {
      const { header_payload: parts, htm, htu, access_token: token, ath } = asObject(vectors()[name])
      const [, printed] = Array.isArray(parts) ? parts : []
      const { jti, iat } = asObject(printed)
      const made = {
        signer,
        method: text(htm),
        url: text(htu),
        now: Number(iat) * 1000,
        jti: text(jti),
      }
      const proof = await createDpopProof({
        ...made,
        ...(token === undefined ? {} : { accessToken: text(token) }),
      })
      expect(parseCompactJws(proof, { maxBytes: 4096 }).payload).toEqual(asObject(printed))
      const { method, url, now } = made
      const accessTokenHash = ath === undefined ? undefined : text(ath)
      const options = { method, url, now, accessTokenHash }
      const codes = [
        options,
        { ...options, method: 'PUT' },
        { ...options, url: `${url}/more` },
        { ...options, now: now + 61_000 },
        { ...options, accessTokenHash: hashAccessToken('other') },
      ].map((held) => codeOf(() => verifyDpopProof(proof, held)))
      expect(codes).toEqual(['ok', ...Array<string>(4).fill('invalid_dpop_proof')])
    },
  )

  test('hash of the token and thumbprint of the key come out as printed', () => {
    const { access_token: token, ath } = asObject(vectors()['resource_request_proof'])
    expect(hashAccessToken(text(token))).toBe(ath)
    expect(jwkThumbprint(asObject(vectors()['jwk']))).toBe(vectors()['jkt'])
  })
})

describeNeeding('vectors', 'the 401 cases of Wycheproof for JWS', () => {
  test('are no proofs, each of them', () => {
    const { testGroups } = readVectors('jose', 'wycheproof_json_web_signature_test.json')
    const texts = (Array.isArray(testGroups) ? testGroups : []).flatMap((group) => {
      const { tests } = asObject(group)
      return (Array.isArray(tests) ? tests : []).map((one) => asObject(one)['jws'])
    })
    expect(texts).toHaveLength(401)
    const options = { method: 'GET', url: 'https://api.test/', accessTokenHash: undefined, now: 0 }
    const codes = texts.map((jws) =>
      codeOf(() => verifyDpopProof(typeof jws === 'string' ? jws : '', options)),
    )
    expect(new Set(codes)).toEqual(new Set(['invalid_dpop_proof']))
  })
})

function readVectors(folder: string, name: string): JsonObject {
  return asObject(JSON.parse(readFileSync(join(vectorsFolder(), folder, name), 'utf8')))
}

/** The text of a vector, which is none where the vectors are not as expected. */
function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('The vectors are not as expected')
  return value
}

function codeOf(act: () => unknown): string {
  try {
    act()
    return 'ok'
  } catch (error) {
    if (error instanceof CredentialError) return error.code
    throw error
  }
}

function asObject(value: unknown): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('The vectors are not as expected')
  return value
}
