import { canonicalizeJson, encodeBase64url, encodeUtf8, type JsonObject } from '@behalf/core'

const UNSIGNED = encodeBase64url(new Uint8Array(64))

/**
 * Spells a delegation as it will be spelled once it is signed, byte for byte but for the signature: what is to be
 * signed can be read, measured and refused the way a verifier would.
 *
 * @param payload - the whole payload
 * @param kid - DID URL of the key that will sign
 */
export function encodeUnsigned(payload: JsonObject, kid: string): string {
  const header = { alg: 'EdDSA', kid, typ: 'vc+jwt' }
  const parts = [header, payload].map((part) => encodeBase64url(encodeUtf8(canonicalizeJson(part))))
  return [...parts, UNSIGNED].join('.')
}
