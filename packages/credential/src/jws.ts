import {
  BehalfError,
  canonicalizeJson,
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  type JsonObject,
  parseJson,
  type Signer,
} from '@behalf/core'
import { parseDidUrl } from '@behalf/did'
import { CredentialError, translateCoreErrors } from './error.ts'
import { malformed, readObject } from './members.ts'

/** A compact JWS whose parts were decoded strictly; nothing in it is verified. */
export interface CompactJws {
  readonly header: JsonObject
  readonly payload: JsonObject
  /** The bytes that were signed. */
  readonly signingInput: Uint8Array
  /** 64 bytes. */
  readonly signature: Uint8Array
  /** The bytes of the whole text. */
  readonly bytes: Uint8Array
}

const SIGNATURE_BYTES = 64
// The text was measured as a whole; a status list is the longest JSON that comes this way.
const LIMITS = { maxBytes: 4_194_304 } as const
// RFC 8037 and RFC 9864 name the same algorithm; which key it is used with never depends on the name.
const ALGORITHMS: ReadonlySet<unknown> = new Set(['EdDSA', 'Ed25519'])
const KEY_SOURCES = ['jku', 'jwk', 'x5u', 'x5c', 'x5t', 'x5t#S256'] as const
const HEADER_MEMBERS: ReadonlySet<string> = new Set(['alg', 'typ', 'cty', 'kid'])

/**
 * Resolves to a compact JWS over the canonical JSON of header and payload.
 * @param options `header` without `alg`, which is written as `EdDSA`
 * @throws CredentialError `json_ambiguous` for what JSON cannot express
 * @see RFC 7515 section 7.1, RFC 8037 section 3.1
 */
export async function signCompactJws(options: {
  readonly header: JsonObject
  readonly payload: JsonObject
  readonly signer: Signer
}): Promise<string> {
  const { header, payload, signer } = options
  const signingInput = encodeSigningInput(header, payload)
  const signature = await signer.sign(encodeUtf8(signingInput))
  return `${signingInput}.${encodeBase64url(signature)}`
}

/** Returns the two encoded parts that are signed, joined by their dot. */
export function encodeSigningInput(header: JsonObject, payload: JsonObject): string {
  return translateCoreErrors('JWS', () =>
    [{ ...header, alg: 'EdDSA' }, payload]
      .map((part) => encodeBase64url(encodeUtf8(canonicalizeJson(part))))
      .join('.'),
  )
}

/**
 * Returns the decoded parts of a compact JWS in its one spelling. The signature is NOT verified.
 * @param options `maxBytes` is the length at which the text is refused unread
 * @throws CredentialError `credential_too_large`; `algorithm_unsupported`; `json_ambiguous`
 * @throws CredentialError `credential_malformed` for other part counts, padding, junk, or parts that are not objects
 * @see RFC 7515 section 7.1
 */
export function parseCompactJws(text: string, options: { readonly maxBytes: number }): CompactJws {
  if (text.length > options.maxBytes) {
    throw new CredentialError('credential_too_large', `The JWS is longer than ${options.maxBytes} bytes`)
  }
  const parts = text.split('.', 4)
  const [encodedHeader, encodedPayload, encodedSignature] = parts
  if (
    parts.length !== 3 ||
    encodedHeader === undefined ||
    encodedPayload === undefined ||
    encodedSignature === undefined
  ) {
    throw malformed('JWS', 'does not have three parts')
  }
  const header = readPart(encodedHeader, 'header')
  // Before the rest is looked at: other algorithms have signatures of other lengths, or none.
  checkAlgorithm(header)
  const signature = readSignature(encodedSignature)
  const payload = readPart(encodedPayload, 'payload')
  // Only the 65 characters of base64url and dots are left in the text, so it is as many bytes.
  const bytes = encodeUtf8(text)
  const signingInput = bytes.subarray(0, bytes.length - encodedSignature.length - 1)
  return { header, payload, signingInput, signature, bytes }
}

/**
 * Returns `kid` of a header that says exactly what ours say: `alg`, this `typ`, `kid`, and at most `cty`.
 * @param typ the explicit type of this kind of object
 * @throws CredentialError `credential_type_mismatch` for another `typ`; `issuer_untrusted` for a header that brings or
 * names its own key; `credential_malformed` for anything else
 * @see RFC 8725 section 3.11, VC-JOSE-COSE section 3.3
 */
export function readKeyId(header: JsonObject, typ: string): string {
  if (header.typ !== typ) {
    throw new CredentialError('credential_type_mismatch', `The JWS is not of type ${typ}`, { field: 'typ' })
  }
  if (KEY_SOURCES.some((name) => Object.hasOwn(header, name))) {
    throw new CredentialError('issuer_untrusted', 'The JWS header brings or names its own key')
  }
  for (const name of Object.keys(header)) {
    if (!HEADER_MEMBERS.has(name)) throw malformed('header', 'has a member that is not defined')
  }
  if (header.cty !== undefined && header.cty !== 'vc') throw malformed('cty', 'is not "vc"')
  if (typeof header.kid !== 'string') throw malformed('kid', 'is not a text')
  return header.kid
}

/**
 * Makes sure that `kid` is a DID URL with a fragment and belongs to `issuer`.
 * @throws CredentialError `credential_malformed` when it is not a DID URL, `issuer_mismatch` when it is another's
 */
export function checkKeyOwner(kid: string, issuer: string): void {
  if (readKeyOwner(kid) !== issuer) {
    throw new CredentialError('issuer_mismatch', 'The key belongs to another than the issuer', {
      field: 'kid',
    })
  }
}

function readKeyOwner(kid: string): string {
  const { did, fragment } = parseKid(kid)
  if (fragment === undefined || fragment === '') throw malformed('kid', 'has no fragment')
  return did
}

function parseKid(kid: string): { did: string; fragment: string | undefined } {
  try {
    return parseDidUrl(kid)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    throw new CredentialError('credential_malformed', 'kid is not a DID URL', { field: 'kid', cause })
  }
}

function checkAlgorithm(header: JsonObject): void {
  if (!ALGORITHMS.has(header.alg)) {
    throw new CredentialError('algorithm_unsupported', 'The JWS is not signed with Ed25519', { field: 'alg' })
  }
}

function readSignature(encoded: string): Uint8Array {
  const signature = translateCoreErrors('signature', () => decodeBase64url(encoded))
  if (signature.length !== SIGNATURE_BYTES)
    throw malformed('signature', `is not ${SIGNATURE_BYTES} bytes long`)
  return signature
}

function readPart(encoded: string, name: string): JsonObject {
  const value = translateCoreErrors(name, () => parseJson(decodeBase64url(encoded), LIMITS))
  return readObject(value, name)
}
