import { startAuthentication, startRegistration, WebAuthnError } from '@simplewebauthn/browser'
import { callApi } from './call-api.ts'
import type { CreationOptions, RequestOptions, SignIn, StepUp } from './ceremony-types.ts'
import { beginStepUp } from './passkeys-api.ts'

/** The browser or the person ended a passkey ceremony: `message` says what to do next. */
export class CeremonyError extends Error {
  override readonly name = 'CeremonyError'
}

const WORDS: ReadonlyMap<string, string> = new Map(
  Object.entries<string>({
    NotAllowedError:
      'The passkey was not used: the prompt was closed, or took too long. Nothing was decided.',
    AbortError: 'The passkey prompt was closed. Nothing was decided.',
    InvalidStateError: 'This device has a passkey for you already. Choose another device or security key.',
    NotSupportedError: 'This browser or device cannot make a passkey of the kind that is needed.',
    SecurityError: 'The address of this page is not the one that the authority was set up for.',
  }),
)

/**
 * Asks the browser for an assertion; whoever holds the passkey has confirmed it with a finger, face or PIN.
 *
 * @throws CeremonyError
 */
export function assertPasskey(options: RequestOptions): Promise<SignIn> {
  return run(() => startAuthentication({ optionsJSON: options }))
}

/**
 * Asks the browser to make a passkey.
 *
 * @throws CeremonyError
 */
export function createPasskey(
  options: CreationOptions,
): Promise<Awaited<ReturnType<typeof startRegistration>>> {
  return run(() => startRegistration({ optionsJSON: options }))
}

/** A fresh assertion for an action that needs one. @throws CeremonyError, ApiError, NetworkError */
export async function stepUp(): Promise<StepUp> {
  const { ceremony, options } = await beginStepUp()
  return { ceremony, response: await assertPasskey(options) }
}

async function run<T>(ceremony: () => Promise<T>): Promise<T> {
  try {
    return await ceremony()
  } catch (cause) {
    const { name, message } = describe(cause)
    report(`${name}: ${message}`)
    throw new CeremonyError(WORDS.get(name) ?? `The passkey did not work (${name}).`, { cause })
  }
}

function describe(cause: unknown): { name: string; message: string } {
  if (cause instanceof WebAuthnError && cause.cause instanceof Error) return cause.cause
  return cause instanceof Error ? cause : { name: 'Error', message: '' }
}

/** Whoever runs the authority learns which browsers fail; the person does not wait for it. */
function report(message: string): void {
  callApi('POST', '/api/ceremony-errors', { message: message.slice(0, 500) }).catch(() => undefined)
}
