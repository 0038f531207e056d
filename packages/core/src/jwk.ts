import { decodeBase64url, encodeBase64url } from './base64.ts'
import { canonicalizeJson } from './canonicalize-json.ts'
import { isEd25519PublicKey } from './ed25519.ts'
import { CoreError } from './error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts'
import { sha256 } from './sha256.ts'
import { encodeUtf8 } from './utf8.ts'

/** An Ed25519 public key as a JWK with the fully specified algorithm of RFC 9864. */
export interface Ed25519Jwk {
  readonly kty: 'OKP'
  readonly crv: 'Ed25519'
  readonly alg: 'Ed25519'
  readonly x: string
}

// RFC 7638 section 3.2 and RFC 8037 section 2, in the order in which they are hashed.
const THUMBPRINT_MEMBERS: ReadonlyMap<JsonValue | undefined, readonly string[]> = new Map([
  ['EC', ['crv', 'kty', 'x', 'y']],
  ['OKP', ['crv', 'kty', 'x']],
  ['RSA', ['e', 'kty', 'n']],
])
const TEXT_MEMBERS: ReadonlySet<string> = new Set(['crv', 'kty'])

/**
 * Returns the JWK of a public key.
 * @param publicKey 32 bytes
 * @throws CoreError `key_invalid` when {@link isEd25519PublicKey} says no
 * @see RFC 8037 section 2, RFC 9864 section 2.2
 */
export function encodeEd25519Jwk(publicKey: Uint8Array): Ed25519Jwk {
  if (!isEd25519PublicKey(publicKey)) throw invalid('not an Ed25519 public key')
  return { kty: 'OKP', crv: 'Ed25519', alg: 'Ed25519', x: encodeBase64url(publicKey) }
}

/**
 * Returns the 32-byte public key of a JWK; members this function does not name are ignored, as RFC 7517 demands.
 * @param value the JWK; one with the private member `d` is refused
 * @throws CoreError `key_invalid` for any other key type, curve or `alg`, a private key, or a key that is not a
 * canonical point of large order
 * @see RFC 8037 section 2, RFC 9864 section 2.2
 */
export function parseEd25519Jwk(value: unknown): Uint8Array {
  if (!isJsonObject(value)) throw invalid('not a JSON object')
  if (Object.hasOwn(value, 'd')) throw invalid('a private key')
  if (value.kty !== 'OKP' || value.crv !== 'Ed25519') throw invalid('not of type OKP and curve Ed25519')
  if (Object.hasOwn(value, 'alg') && value.alg !== 'Ed25519') throw invalid('meant for another algorithm')
  const publicKey = decodeMember(value.x)
  if (!isEd25519PublicKey(publicKey)) throw invalid('not a canonical point of large order')
  return publicKey
}

/**
 * Returns the thumbprint of a public key: the base64url SHA-256 over its required members.
 * @param jwk of type OKP, EC or RSA
 * @throws CoreError `key_invalid` for another type, or a required member that is absent or not in its one spelling
 * @see RFC 7638 section 3, RFC 8037 section 2
 */
export function jwkThumbprint(jwk: JsonObject): string {
  const members = THUMBPRINT_MEMBERS.get(jwk.kty)
  if (members === undefined) throw invalid('not of type OKP, EC or RSA')
  const required = Object.fromEntries(members.map((name) => [name, checkThumbprintMember(name, jwk[name])]))
  return encodeBase64url(sha256(encodeUtf8(canonicalizeJson(required))))
}

function checkThumbprintMember(name: string, value: JsonValue | undefined): string {
  if (typeof value !== 'string' || value === '') throw invalid(`without a text in its member ${name}`)
  // A second spelling of the same number would give the same key a second thumbprint.
  if (!TEXT_MEMBERS.has(name)) decodeMember(value)
  return value
}

function decodeMember(value: JsonValue | undefined): Uint8Array {
  if (typeof value !== 'string') throw invalid('without its public part')
  try {
    return decodeBase64url(value)
  } catch (cause) {
    throw new CoreError('key_invalid', 'The JWK is not spelled in canonical base64url', { cause })
  }
}

function invalid(what: string): CoreError {
  return new CoreError('key_invalid', `The JWK is ${what}`)
}
