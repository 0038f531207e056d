import {
  BehalfError,
  decodeBase64url,
  encodeUtf8,
  equalBytes,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
  sha256,
} from '@behalf/core'
import { AuthorityError } from '../error.ts'
import type { AuthenticatorData } from './authenticator-data.ts'

/** What the browser answered to a ceremony, in the form that both ceremonies share. */
export interface PasskeyAnswer {
  /** The credential id in base64url, as the browser names it. */
  readonly id: string
  /** The members of `response`. */
  readonly response: JsonObject
}

/** Longest texts of an answer; a whole attestation with its certificates is a tenth of it. */
const MAX_TEXT = 40_000
const MAX_ID_BYTES = 1023

/**
 * Returns the answer, which is about a public key and whose two ids agree.
 *
 * @param value - a `PublicKeyCredential` as its `toJSON` gives it
 * @throws AuthorityError `webauthn_malformed`
 */
export function readPasskeyAnswer(value: JsonObject): PasskeyAnswer {
  const { id, rawId, type, response } = value
  if (typeof id !== 'string' || id !== rawId || type !== 'public-key' || !isJsonObject(response)) {
    throw malformed('The answer is not a public key credential with one id')
  }
  const { length } = readBytes(value, 'id')
  if (length === 0 || length > MAX_ID_BYTES) throw malformed('The id is too short or too long')
  return { id, response }
}

/**
 * The client data is of a registration that was made here, for this challenge, in no frame of another site.
 *
 * @param expected.challenge - base64url
 * @throws AuthorityError `webauthn_malformed`, `webauthn_challenge_invalid`, `webauthn_origin_mismatch`
 * @see WebAuthn Level 3 section 7.1 steps 5 to 12
 */
export function checkClientData(
  bytes: Uint8Array,
  expected: { readonly challenge: string; readonly origin: string },
): void {
  const data = parseClientData(bytes)
  if (!isJsonObject(data)) throw malformed('The client data is no object')
  if (data.type !== 'webauthn.create') throw malformed('The client data is not of a registration')
  if (data.challenge !== expected.challenge) {
    throw new AuthorityError('webauthn_challenge_invalid', 'The answer is to another challenge')
  }
  const { crossOrigin = false, topOrigin } = data
  if (data.origin === expected.origin && crossOrigin === false && topOrigin === undefined) return
  throw new AuthorityError('webauthn_origin_mismatch', `The answer was not made at ${expected.origin}`)
}

/**
 * Returns the bytes of a member in base64url.
 *
 * @throws AuthorityError `webauthn_malformed` for anything but one spelling of at most 40,000 characters
 */
export function readBytes(object: JsonObject, name: string): Uint8Array {
  const text = object[name]
  if (typeof text !== 'string' || text.length > MAX_TEXT) throw malformed(`${name} is not a text of bytes`)
  try {
    return decodeBase64url(text)
  } catch (cause) {
    throw malformed(`${name} is not base64url`, cause)
  }
}

/**
 * The authenticator answered this site, with its user present and verified.
 *
 * @throws AuthorityError `webauthn_rp_mismatch`, `webauthn_user_not_verified`
 * @see WebAuthn Level 3 section 7.1 steps 13 to 15
 */
export function checkAuthenticator(data: AuthenticatorData, rpId: string): void {
  if (!equalBytes(data.rpIdHash, sha256(encodeUtf8(rpId)))) {
    throw new AuthorityError('webauthn_rp_mismatch', `The answer was not made for ${rpId}`)
  }
  if (data.userPresent && data.userVerified) return
  throw new AuthorityError('webauthn_user_not_verified', 'The authenticator did not verify its user')
}

/** An error for an answer that is not in form. */
export function malformed(message: string, cause?: unknown): AuthorityError {
  return new AuthorityError('webauthn_malformed', message, { cause })
}

function parseClientData(bytes: Uint8Array): JsonValue {
  try {
    return parseJson(bytes)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw malformed('The client data is not JSON', cause)
  }
}
