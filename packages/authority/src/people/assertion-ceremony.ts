import { decodeBase64url, type JsonObject } from '@behalf/core'
import { generateAuthenticationOptions } from '@simplewebauthn/server'
import { AuthorityError } from '../error.ts'
import { type CeremonyPurpose, type OpenCeremonyOptions, openCeremony, takeCeremony } from './ceremony.ts'
import { createPasskeyRows, type Passkey } from './passkey-rows.ts'
import type { PeopleContext } from './people-context.ts'
import { type OpenedCeremony, toJson } from './registration-ceremony.ts'
import type { LiveSession } from './session.ts'
import { type VerifiedAssertion, verifyAssertion } from './verify-assertion.ts'

/** A fresh assertion that an action needs beside the session. */
export interface StepUpBody {
  readonly ceremony: string
  readonly response: JsonObject
}

/**
 * An assertion is waited for: by any passkey of this authority at login, by one of the person's own otherwise, and
 * only with its user verified.
 */
export async function openAssertion(
  context: PeopleContext,
  options: Omit<OpenCeremonyOptions, 'data'>,
): Promise<OpenedCeremony> {
  const { id, challenge } = await openCeremony(context, options)
  const { session } = options
  const own = session ? await createPasskeyRows(context.database).listOf(session.person.id) : []
  const request = await generateAuthenticationOptions({
    rpID: context.rpId,
    challenge: Uint8Array.from(decodeBase64url(challenge)),
    userVerification: 'required',
    allowCredentials: own.map((passkey) => ({ id: passkey.id })),
  })
  return { ceremony: id, options: toJson(request) }
}

/**
 * Returns what one of the person's passkeys signed in this ceremony; the passkey is stored as it is after it.
 *
 * @throws AuthorityError `webauthn_*`; the ceremony is over either way
 */
export async function finishAssertion(
  context: PeopleContext,
  options: { readonly purpose: CeremonyPurpose; readonly session?: LiveSession } & StepUpBody,
): Promise<VerifiedAssertion> {
  const { purpose, session, response } = options
  const { challenge } = await takeCeremony(context, {
    id: options.ceremony,
    purpose,
    ...(session && { session }),
  })
  const passkeys = createPasskeyRows(context.database)
  const find = async (id: string): Promise<Passkey | undefined> => {
    const passkey = await passkeys.find(id)
    return session === undefined || passkey?.person === session.person.id ? passkey : undefined
  }
  const verified = await verifyAssertion(context, { answer: response, challenge, find })
  await passkeys.save(verified.passkey)
  return verified
}

/**
 * The person just verified for this action, beyond having a session.
 *
 * @throws AuthorityError `step_up_required` without an assertion, `webauthn_*` for one that is none
 */
export async function requireStepUp(
  context: PeopleContext,
  session: LiveSession,
  stepUp: StepUpBody | undefined,
): Promise<void> {
  if (!stepUp) throw new AuthorityError('step_up_required', 'This needs a fresh assertion by a passkey')
  await finishAssertion(context, { purpose: 'step-up', session, ...stepUp })
}
