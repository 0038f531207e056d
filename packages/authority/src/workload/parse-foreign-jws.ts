import {
  BehalfError,
  decodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  parseJson,
} from '@behalf/core'
import { AuthorityError } from '../error.ts'

/** A compact JWS of somebody else, decoded strictly; nothing in it is verified. */
export interface ForeignJws {
  readonly text: string
  readonly header: JsonObject
  readonly claims: JsonObject
  /** The bytes that were signed. */
  readonly signingInput: Uint8Array
  readonly signature: Uint8Array
}

// Those of large clusters are about 1,500 characters; a chain of certificates in the header about 8,000.
const MAX_LENGTH = 16_384

/**
 * Returns the decoded parts of a compact JWS in its one spelling.
 *
 * @throws AuthorityError `credential_too_large`, `credential_malformed`, `json_ambiguous` for JSON with more than one
 *   reading
 * @see RFC 7515 section 7.1
 */
export function parseForeignJws(text: string): ForeignJws {
  if (text.length > MAX_LENGTH) {
    throw new AuthorityError('credential_too_large', `The token is longer than ${MAX_LENGTH} characters`)
  }
  const [header, claims, signature, rest] = text.split('.', 4)
  if (header === undefined || claims === undefined || signature === undefined || rest !== undefined) {
    throw malformed('The token does not have three parts')
  }
  return {
    text,
    header: readObject(header),
    claims: readObject(claims),
    signingInput: encodeUtf8(`${header}.${claims}`),
    signature: decode(signature),
  }
}

function readObject(encoded: string): JsonObject {
  try {
    const value = parseJson(decodeBase64url(encoded))
    if (isJsonObject(value)) return value
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    if (cause.code === 'json_ambiguous') {
      throw new AuthorityError('json_ambiguous', 'A part of the token has more than one reading', { cause })
    }
    throw malformed('A part of the token is no JSON in base64url', cause)
  }
  throw malformed('A part of the token is no JSON object')
}

function decode(encoded: string): Uint8Array {
  try {
    return decodeBase64url(encoded)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw malformed('The signature of the token is not base64url', cause)
  }
}

function malformed(message: string, cause?: unknown): AuthorityError {
  return new AuthorityError('credential_malformed', message, { cause })
}
