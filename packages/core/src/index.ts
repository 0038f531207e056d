export { decodeBase64, decodeBase64url, encodeBase64, encodeBase64url } from './base64.ts'
export { type BoundedMap, createBoundedMap, type WeightLimit } from './bounded-map.ts'
export { concatBytes, equalBytes } from './bytes.ts'
export { canonicalizeJson } from './canonicalize-json.ts'
export {
  type Clock,
  type MonotonicClock,
  selectMonotonicClock,
  systemClock,
  systemMonotonicClock,
} from './clock.ts'
export { type ContentHashAlgorithm, hashContent, isContentHashAlgorithm } from './content-hash.ts'
export { encodeEd25519CoseKey } from './cose-key.ts'
export { isEd25519PublicKey, verifyEd25519 } from './ed25519.ts'
export { BehalfError, CoreError, type CoreErrorCode } from './error.ts'
export { decodeHex, encodeHex } from './hex.ts'
export { hmacSha256 } from './hmac-sha256.ts'
export { isJsonObject, type JsonObject, type JsonValue } from './json-value.ts'
export { type Ed25519Jwk, encodeEd25519Jwk, jwkThumbprint, parseEd25519Jwk } from './jwk.ts'
export { createP256Key, isP256PublicKey, type P256Key } from './p256-key.ts'
export { type JsonLimits, parseJson } from './parse-json.ts'
export { type RandomBytes, systemRandomBytes } from './random-bytes.ts'
export { digestSha256, sha256, sha256Base64, sha256Base64url } from './sha256.ts'
export { createEd25519Signer, type Signer } from './signer.ts'
export { findTraceContext, formatTraceparent, parseTraceparent, type TraceContext } from './trace-context.ts'
export { decodeUtf8, encodeUtf8, encodeUtf8Into } from './utf8.ts'
export { createUuid } from './uuid.ts'
export { isCosePublicKey, verifyCoseSignature } from './verify-cose-signature.ts'
