import { isCosePublicKey, type JsonObject } from '@behalf/core'
import { SOFTWARE_PASSKEY_AAGUID } from '@behalf/credential'
import { verifyRegistrationResponse } from '@simplewebauthn/server'
import { decodeAttestationObject } from '@simplewebauthn/server/helpers'
import { AuthorityError } from '../error.ts'
import { parseAuthenticatorData } from './authenticator-data.ts'
import { checkAttestation } from './check-attestation.ts'
import { checkCbor } from './check-cbor.ts'
import {
  checkAuthenticator,
  checkClientData,
  malformed,
  readBytes,
  readPasskeyAnswer,
} from './passkey-answer.ts'
import type { Passkey } from './passkey-rows.ts'
import type { PeopleContext } from './people-context.ts'

/** ES256, Ed25519 and RS256, in the order in which authenticators should choose. */
export const PASSKEY_ALGORITHMS: readonly number[] = [-7, -8, -257]

/** A passkey as it was made: whose it is and how it is called is for others to say. */
export type NewPasskey = Omit<Passkey, 'person' | 'name'>

type LibraryAnswer = Parameters<typeof verifyRegistrationResponse>[0]['response']
type Attestation = ReturnType<typeof decodeAttestationObject>

/**
 * An authenticator made this passkey for this challenge, here, with its user verified, and is of a kind that the
 * policy takes.
 *
 * @param check.answer - a `RegistrationResponseJSON`
 * @param check.challenge - base64url; taken from where nobody else could write
 * @throws AuthorityError `webauthn_malformed`, `webauthn_challenge_invalid`, `webauthn_origin_mismatch`,
 *   `webauthn_rp_mismatch`, `webauthn_user_not_verified`, `webauthn_attestation_invalid`
 * @see WebAuthn Level 3 section 7.1
 */
export async function verifyRegistration(
  context: Pick<PeopleContext, 'origin' | 'rpId' | 'clock' | 'attestation'>,
  check: { readonly answer: JsonObject; readonly challenge: string },
): Promise<NewPasskey> {
  const { origin, rpId, clock } = context
  const { challenge } = check
  const { id, response } = readPasskeyAnswer(check.answer)
  checkClientData(readBytes(response, 'clientDataJSON'), { challenge, origin })
  const attestation = readAttestation(readBytes(response, 'attestationObject'))
  checkAuthenticator(parseAuthenticatorData(attestation.get('authData')), rpId)
  await checkAttestation(context, attestation)
  const verified = await verifyMade(context, { response, id, challenge })
  // The browser's word for the id is not signed; the authenticator's is what it will answer to.
  if (verified.credential.id !== id) throw malformed('The authenticator made another credential')
  if (!(await isCosePublicKey(verified.credential.publicKey)))
    throw malformed('The key is none that may sign here')
  return {
    id,
    publicKey: verified.credential.publicKey,
    counter: verified.credential.counter,
    software: verified.aaguid === SOFTWARE_PASSKEY_AAGUID,
    synced: verified.credentialBackedUp,
    createdAt: clock(),
  }
}

function readAttestation(bytes: Uint8Array): Attestation {
  if (checkCbor(bytes) !== 1) throw malformed('The attestation object is not one object')
  try {
    const attestation = decodeAttestationObject(Uint8Array.from(bytes))
    const isInForm =
      typeof attestation.get('fmt') === 'string' &&
      attestation.get('authData') instanceof Uint8Array &&
      attestation.get('attStmt') instanceof Map
    if (isInForm) return attestation
  } catch (cause) {
    throw malformed('The attestation object cannot be read', cause)
  }
  throw malformed('The attestation object misses a member')
}

type Registration = NonNullable<Awaited<ReturnType<typeof verifyRegistrationResponse>>['registrationInfo']>

async function verifyMade(
  { origin, rpId }: Pick<PeopleContext, 'origin' | 'rpId'>,
  made: { readonly id: string; readonly response: JsonObject; readonly challenge: string },
): Promise<Registration> {
  const { id, response, challenge } = made
  const { clientDataJSON, attestationObject } = response as Record<string, string>
  const answer: LibraryAnswer = {
    id,
    rawId: id,
    type: 'public-key',
    clientExtensionResults: {},
    response: { clientDataJSON: clientDataJSON ?? '', attestationObject: attestationObject ?? '' },
  }
  const result = await verifyRegistrationResponse({
    response: answer,
    expectedChallenge: challenge,
    expectedOrigin: origin,
    expectedRPID: rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
  }).catch((cause: unknown) => {
    throw malformed('The new passkey cannot be read, or its algorithm is none of ours', cause)
  })
  if (result.registrationInfo) return result.registrationInfo
  throw new AuthorityError('webauthn_attestation_invalid', 'The attestation is not signed by what it names')
}
