import { AuthorityError } from '../error.ts'
import { checkCbor } from './check-cbor.ts'

/** What authenticator data says, as far as it is signed by every authenticator. */
export interface AuthenticatorData {
  readonly rpIdHash: Uint8Array
  readonly userPresent: boolean
  readonly userVerified: boolean
}

const HEAD_BYTES = 37
const USER_PRESENT = 0x01
const USER_VERIFIED = 0x04
const HAS_CREDENTIAL = 0x40
const HAS_EXTENSIONS = 0x80
const AAGUID_BYTES = 16

/**
 * Returns the head of authenticator data; what follows it is checked to be whole, credential and extensions.
 *
 * @throws AuthorityError `webauthn_malformed`
 * @see WebAuthn Level 3 section 6.1
 */
export function parseAuthenticatorData(bytes: Uint8Array): AuthenticatorData {
  const flags = bytes[32]
  if (flags === undefined || bytes.length < HEAD_BYTES) throw malformed()
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const hasCredential = (flags & HAS_CREDENTIAL) !== 0
  const expected = (hasCredential ? 1 : 0) + ((flags & HAS_EXTENSIONS) === 0 ? 0 : 1)
  const rest = hasCredential ? skipCredentialId(bytes, view) : HEAD_BYTES
  if (checkCbor(bytes.subarray(rest)) !== expected) throw malformed()
  return {
    rpIdHash: bytes.slice(0, 32),
    userPresent: (flags & USER_PRESENT) !== 0,
    userVerified: (flags & USER_VERIFIED) !== 0,
  }
}

/** Returns the offset of the public key. */
function skipCredentialId(bytes: Uint8Array, view: DataView): number {
  const lengthAt = HEAD_BYTES + AAGUID_BYTES
  if (bytes.length < lengthAt + 2) throw malformed()
  const end = lengthAt + 2 + view.getUint16(lengthAt)
  if (end > bytes.length) throw malformed()
  return end
}

function malformed(): AuthorityError {
  return new AuthorityError('webauthn_malformed', 'The authenticator data is not well-formed')
}
