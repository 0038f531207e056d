import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { CredentialError, parseCompactJws } from '@behalf/credential'
import { expect, test } from 'vitest'
import { describeNeeding, vectorsFolder } from '../support/needs.ts'

describeNeeding('vectors', 'JWS against the 401 cases of Wycheproof', () => {
  // None of them is signed with Ed25519, so none may come through, whether it is valid for its own algorithm or not.
  test('every one is refused with a code of its own', () => {
    const path = join(vectorsFolder(), 'jose', 'wycheproof_json_web_signature_test.json')
    const { testGroups = [] } = asObject(JSON.parse(readFileSync(path, 'utf8')))
    const texts = asList(testGroups)
      .flatMap((group) => asList(asObject(group)['tests'] ?? []))
      .map((one) => asObject(one)['jws'])
    expect(texts).toHaveLength(401)
    const codes = new Set(
      texts.map((jws) =>
        codeOf(() => parseCompactJws(typeof jws === 'string' ? jws : '', { maxBytes: 65_536 })),
      ),
    )
    expect([...codes].sort()).toEqual(['algorithm_unsupported', 'credential_malformed'])
  })
})

describeNeeding('vectors', 'the example of RFC 8037', () => {
  test('is signed as ours are, over a payload that is no object', () => {
    const text = readFileSync(join(vectorsFolder(), 'jose', 'rfc7638_rfc8037.json'), 'utf8')
    const [jws] = /eyJ[\w-]+\.[\w-]+\.[\w-]{86}/u.exec(text) ?? []
    expect(jws).toBeDefined()
    expect(codeOf(() => parseCompactJws(jws ?? '', { maxBytes: 4096 }))).toBe('credential_malformed')
    expect(parseJson(Buffer.from(jws?.split('.')[0] ?? '', 'base64url'))).toEqual({ alg: 'EdDSA' })
  })
})

function codeOf(act: () => unknown): string {
  try {
    act()
    return 'ok'
  } catch (error) {
    if (error instanceof CredentialError) return error.code
    throw error
  }
}

function asObject(value: JsonValue): JsonObject {
  if (!isJsonObject(value)) throw new TypeError('The vectors are not as expected')
  return value
}

function asList(value: JsonValue): readonly JsonValue[] {
  if (!Array.isArray(value)) throw new TypeError('The vectors are not as expected')
  return value
}
