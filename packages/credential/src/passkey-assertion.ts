import {
  concatBytes,
  decodeBase64url,
  encodeBase64url,
  encodeUtf8,
  equalBytes,
  isJsonObject,
  type JsonObject,
  parseJson,
  sha256,
  verifyCoseSignature,
} from '@behalf/core'
import { CredentialError, type WebauthnErrorCode } from './error.ts'

/** What an authenticator answered to an approval, with everything that is needed to check it again. */
export type PasskeyAssertion = {
  /** The relying party that the passkey is for, a host name. */
  readonly rp_id: string
  /** The origin of the page, such as `https://authority.example`. */
  readonly origin: string
  readonly passkey: {
    /** Credential ID, base64url. */
    readonly id: string
    /** COSE_Key, base64url. */
    readonly public_key: string
    /** Whether it said at its registration that it is a program, see `SOFTWARE_PASSKEY_AAGUID`. */
    readonly software: boolean
  }
  /** base64url */
  readonly authenticator_data: string
  /** base64url */
  readonly client_data_json: string
  /** base64url */
  readonly signature: string
}

/** What {@link verifyPasskeyAssertion} expects. */
export interface VerifyPasskeyAssertionOptions {
  /** 32 bytes, see `createApprovalChallenge`. */
  readonly challenge: Uint8Array
  /** The only relying party; without it any whose host the origin belongs to. */
  readonly rpId?: string
  /** The only origins; without them any that belongs to the relying party. */
  readonly origins?: readonly string[]
}

const RP_ID_HASH_BYTES = 32
const FIXED_BYTES = 37
const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const BACKUP_ELIGIBLE = 0x08
const BACKED_UP = 0x10
const RESERVED = 0x22
const ATTESTED_DATA = 0x40
const EXTENSIONS = 0x80
const CLIENT_DATA_LIMITS = { maxBytes: 4096, maxDepth: 8 } as const
// The loopback name is the one origin without TLS for which browsers let passkeys be used.
const ORIGIN =
  /^(?:https:\/\/([a-z0-9.-]+)(?::[0-9]{1,5})?|http:\/\/((?:[a-z0-9-]+\.)*localhost)(?::[0-9]{1,5})?)$/
const RP_ID = /^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/

/**
 * Resolves when a passkey signed exactly this challenge, for this relying party and on a page of it that was not
 * embedded in another, with its user present and verified.
 * @throws CredentialError `webauthn_malformed`, `webauthn_challenge_invalid`, `webauthn_origin_mismatch`,
 * `webauthn_rp_mismatch`, `webauthn_user_not_verified`, `webauthn_signature_invalid` (also for a key or algorithm that
 * is not on our list), with the member as `field`
 * @see WebAuthn Level 3 section 7.2
 */
export async function verifyPasskeyAssertion(
  assertion: PasskeyAssertion,
  options: VerifyPasskeyAssertionOptions,
): Promise<void> {
  const authenticatorData = decodeMember(assertion, 'authenticator_data')
  const clientDataJson = decodeMember(assertion, 'client_data_json')
  const signature = decodeMember(assertion, 'signature')
  checkClientData(readClientData(clientDataJson), assertion, options)
  checkRelyingParty(authenticatorData, assertion, options)
  checkFlags(authenticatorData)
  const publicKey = decodeText(assertion.passkey.public_key, 'passkey.public_key')
  const data = concatBytes(authenticatorData, sha256(clientDataJson))
  if (await verifyCoseSignature({ publicKey, signature, data })) return
  throw refuse('webauthn_signature_invalid', 'signature', 'is not that of the passkey')
}

function checkClientData(
  clientData: JsonObject,
  { origin }: PasskeyAssertion,
  { challenge, origins }: VerifyPasskeyAssertionOptions,
): void {
  const at = 'client_data_json'
  if (clientData.type !== 'webauthn.get')
    throw refuse('webauthn_malformed', at, 'is not that of an assertion')
  if (clientData.challenge !== encodeBase64url(challenge)) {
    throw refuse('webauthn_challenge_invalid', at, 'is over another challenge')
  }
  if (clientData.origin !== origin || origins?.includes(origin) === false) {
    throw refuse('webauthn_origin_mismatch', at, 'comes from another origin')
  }
  const { crossOrigin = false, topOrigin } = clientData
  if (crossOrigin !== false || topOrigin !== undefined) {
    throw refuse('webauthn_origin_mismatch', at, 'comes from a page inside another page')
  }
}

function checkRelyingParty(
  authenticatorData: Uint8Array,
  { rp_id, origin }: PasskeyAssertion,
  { rpId }: VerifyPasskeyAssertionOptions,
): void {
  if (rpId !== undefined && rpId !== rp_id) throw refuse('webauthn_rp_mismatch', 'rp_id', 'is another')
  const [, secure, loopback] = ORIGIN.exec(origin) ?? []
  const host = secure ?? loopback
  if (host === undefined)
    throw refuse('webauthn_origin_mismatch', 'origin', 'is not one that passkeys work on')
  if (!RP_ID.test(rp_id) || !(host === rp_id || host.endsWith(`.${rp_id}`))) {
    throw refuse('webauthn_rp_mismatch', 'rp_id', 'is not a host that the origin belongs to')
  }
  if (!equalBytes(authenticatorData.subarray(0, RP_ID_HASH_BYTES), sha256(encodeUtf8(rp_id)))) {
    throw refuse('webauthn_rp_mismatch', 'authenticator_data', 'is for another relying party')
  }
}

function checkFlags(authenticatorData: Uint8Array): void {
  const at = 'authenticator_data'
  const flags = authenticatorData[RP_ID_HASH_BYTES] ?? 0
  const hasExtensions = (flags & EXTENSIONS) !== 0
  const hasLength = hasExtensions
    ? authenticatorData.length > FIXED_BYTES
    : authenticatorData.length === FIXED_BYTES
  if (!hasLength || (flags & (ATTESTED_DATA | RESERVED)) !== 0) {
    throw refuse('webauthn_malformed', at, 'is not that of an assertion')
  }
  if ((flags & BACKED_UP) !== 0 && (flags & BACKUP_ELIGIBLE) === 0) {
    throw refuse('webauthn_malformed', at, 'says that a passkey is backed up that cannot be')
  }
  if ((flags & USER_PRESENT) === 0 || (flags & USER_VERIFIED) === 0) {
    throw refuse('webauthn_user_not_verified', at, 'says that the user was not present and verified')
  }
}

function readClientData(bytes: Uint8Array): JsonObject {
  try {
    const value = parseJson(bytes, CLIENT_DATA_LIMITS)
    if (isJsonObject(value)) return value
  } catch (cause) {
    throw refuse('webauthn_malformed', 'client_data_json', 'is not JSON', cause)
  }
  throw refuse('webauthn_malformed', 'client_data_json', 'is not an object')
}

function decodeMember(
  assertion: PasskeyAssertion,
  name: 'authenticator_data' | 'client_data_json' | 'signature',
): Uint8Array {
  return decodeText(assertion[name], name)
}

function decodeText(text: string, field: string): Uint8Array {
  try {
    return decodeBase64url(text)
  } catch (cause) {
    throw refuse('webauthn_malformed', field, 'is not base64url', cause)
  }
}

function refuse(code: WebauthnErrorCode, field: string, what: string, cause?: unknown): CredentialError {
  return new CredentialError(code, `The ${field} ${what}`, { field, cause })
}
