import { decodeBase64url, type JsonObject, type JsonValue, parseJson } from '@behalf/core'
import { generateRegistrationOptions } from '@simplewebauthn/server'
import { type Ceremony, type CeremonyPurpose, openCeremony, takeCeremony } from './ceremony.ts'
import type { Passkey } from './passkey-rows.ts'
import type { PeopleContext } from './people-context.ts'
import type { Person } from './person.ts'
import type { LiveSession } from './session.ts'
import { type NewPasskey, PASSKEY_ALGORITHMS, verifyRegistration } from './verify-registration.ts'

/** The purposes of ceremonies that make a passkey. */
export type RegistrationPurpose = Extract<CeremonyPurpose, 'claim' | 'join' | 'recover' | 'passkey'>

/** What the browser is asked to make. */
export interface OpenRegistrationOptions {
  readonly purpose: RegistrationPurpose
  readonly person: Pick<Person, 'id' | 'name' | 'userHandle'>
  /** Those of the person, which must not make a second one. */
  readonly existing: readonly Passkey[]
  readonly session?: LiveSession
  readonly data?: JsonObject
}

/** A ceremony and what the browser needs for it. */
export interface OpenedCeremony {
  readonly ceremony: string
  /** `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`. */
  readonly options: JsonObject
}

const RP_NAME = 'Behalf'

/** A registration waits for its passkey: discoverable, and made only by an authenticator that verifies its user. */
export async function openRegistration(
  context: PeopleContext,
  { purpose, person, existing, session, data }: OpenRegistrationOptions,
): Promise<OpenedCeremony> {
  const { id, challenge } = await openCeremony(context, {
    purpose,
    ...(session && { session }),
    ...(data && { data }),
  })
  const options = await generateRegistrationOptions({
    rpName: RP_NAME,
    rpID: context.rpId,
    userName: person.id,
    userDisplayName: person.name,
    userID: Uint8Array.from(decodeBase64url(person.userHandle)),
    challenge: Uint8Array.from(decodeBase64url(challenge)),
    attestationType: context.attestation.kind,
    excludeCredentials: existing.map((passkey) => ({ id: passkey.id })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    supportedAlgorithmIDs: [...PASSKEY_ALGORITHMS],
  })
  return { ceremony: id, options: toJson(options) }
}

/**
 * Returns the passkey that was made, and what the ceremony began with.
 *
 * @throws AuthorityError `webauthn_*`; the ceremony is over either way
 */
export async function finishRegistration(
  context: PeopleContext,
  options: {
    readonly purpose: RegistrationPurpose
    readonly ceremony: string
    readonly response: JsonObject
    readonly session?: LiveSession
  },
): Promise<{ readonly ceremony: Ceremony; readonly made: NewPasskey }> {
  const { purpose, session } = options
  const ceremony = await takeCeremony(context, {
    id: options.ceremony,
    purpose,
    ...(session && { session }),
  })
  const made = await verifyRegistration(context, { answer: options.response, challenge: ceremony.challenge })
  return { ceremony, made }
}

/** The options of a ceremony as plain JSON: members that are undefined are gone. */
export function toJson(options: object): JsonObject {
  const value: JsonValue = parseJson(JSON.stringify(options))
  return value as JsonObject
}
