import { decodeBase64url, encodeBase64url, type JsonObject } from '@behalf/core'
import { type PasskeyAssertion, verifyPasskeyAssertion } from '@behalf/credential'
import { AuthorityError } from '../error.ts'
import { readBytes, readPasskeyAnswer } from './passkey-answer.ts'
import type { Passkey } from './passkey-rows.ts'
import type { PeopleContext } from './people-context.ts'

/** What a passkey has signed, and the passkey as it is after it. */
export interface VerifiedAssertion {
  /** Counter, backup and last use are those of this assertion; it is not stored yet. */
  readonly passkey: Passkey
  readonly assertion: PasskeyAssertion
  /** What the authenticator keeps about whose the passkey is, in base64url. */
  readonly userHandle?: string
}

/** What an assertion is verified against. */
export interface AssertionCheck {
  readonly answer: JsonObject
  /** base64url; taken from where nobody else could write. */
  readonly challenge: string
  /** Returns the passkey of an id, if it may be used for this. */
  readonly find: (id: string) => Promise<Passkey | undefined>
}

const FLAGS_AT = 32
const BACKED_UP = 0x10
const COUNTER_AT = 33

/**
 * The passkey signed this challenge, here, with its user verified, and its counter did not go back.
 *
 * @throws AuthorityError `webauthn_malformed`, `webauthn_signature_invalid` when there is no such passkey (nobody learns
 *   which there are), `webauthn_counter_regression`
 * @throws CredentialError `webauthn_malformed`, `webauthn_challenge_invalid`, `webauthn_origin_mismatch`,
 *   `webauthn_rp_mismatch`, `webauthn_user_not_verified`, `webauthn_signature_invalid`
 * @see WebAuthn Level 3 section 7.2
 */
export async function verifyAssertion(
  context: Pick<PeopleContext, 'origin' | 'rpId' | 'clock' | 'log'>,
  { answer, challenge, find }: AssertionCheck,
): Promise<VerifiedAssertion> {
  const { origin, rpId } = context
  const { id, response } = readPasskeyAnswer(answer)
  const passkey = await find(id)
  if (!passkey)
    throw new AuthorityError('webauthn_signature_invalid', 'No passkey of this person signed that')
  const authenticatorData = readBytes(response, 'authenticatorData')
  const assertion: PasskeyAssertion = {
    rp_id: rpId,
    origin,
    passkey: { id, public_key: encodeBase64url(passkey.publicKey), software: passkey.software },
    authenticator_data: encodeBase64url(authenticatorData),
    client_data_json: encodeBase64url(readBytes(response, 'clientDataJSON')),
    signature: encodeBase64url(readBytes(response, 'signature')),
  }
  await verifyPasskeyAssertion(assertion, { challenge: decodeBase64url(challenge), rpId, origins: [origin] })
  const counter = new DataView(authenticatorData.buffer, authenticatorData.byteOffset).getUint32(COUNTER_AT)
  checkCounter(context, { passkey, counter })
  const synced = ((authenticatorData[FLAGS_AT] ?? 0) & BACKED_UP) !== 0
  const { userHandle } = response
  return {
    passkey: { ...passkey, counter, synced, lastUsedAt: context.clock() },
    assertion,
    ...(typeof userHandle === 'string' && { userHandle }),
  }
}

/** @see WebAuthn Level 3 section 6.1.1; an authenticator without a counter always says 0 */
function checkCounter(
  { log }: Pick<PeopleContext, 'log'>,
  { passkey, counter }: { readonly passkey: Passkey; readonly counter: number },
): void {
  if ((counter === 0 && passkey.counter === 0) || counter > passkey.counter) return
  log.warn({ person: passkey.person, stored: passkey.counter, counter }, 'passkey counter went back')
  throw new AuthorityError('webauthn_counter_regression', 'The counter went back: was the passkey copied?')
}
