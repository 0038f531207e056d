import { ApiError, NetworkError } from '../api/api-error.ts'
import { CeremonyError } from '../api/passkey-ceremony.ts'
import { DishonestPreparationError } from '../model/check-prepared.ts'
import { PushError } from '../notices/this-browser.ts'
import { safeText } from './safe-text.ts'

/** What went wrong, and what to do next. */
export interface ProblemWords {
  readonly title: string
  readonly next: string
  /** The stable code of a refusal, for whoever asks for help with it. */
  readonly code?: string
}

const BY_CODE: ReadonlyMap<string, Omit<ProblemWords, 'code'>> = new Map(
  Object.entries<Omit<ProblemWords, 'code'>>({
    approval_expired: {
      title: 'This request was not decided in time.',
      next: 'Nothing was approved. The agent can ask again.',
    },
    approval_consumed: {
      title: 'This request is decided already.',
      next: 'It was decided in another tab, on another device or by somebody else.',
    },
    approval_mismatch: {
      title: 'The agent changed its request while you were reading.',
      next: 'Nothing was approved. Read what changed, then decide.',
    },
    access_denied: { title: 'The policy refuses this by now.', next: 'Nothing was approved.' },
    not_found: { title: 'There is nothing here for you.', next: 'It does not exist, or it is not yours.' },
    forbidden: { title: 'You may not do this.', next: 'Ask an operator of this authority.' },
    session_invalid: { title: 'You were signed out.', next: 'Sign in again to go on.' },
    step_up_required: {
      title: 'Your passkey is needed for this.',
      next: 'Try again and confirm with your passkey.',
    },
    csrf_invalid: { title: 'This page is out of date.', next: 'Reload it and try again.' },
    oidc_invalid: { title: 'The company login did not work.', next: 'Sign in again, in one tab.' },
    oidc_unavailable: {
      title: 'The company login does not answer.',
      next: 'Try again later, or sign in with a passkey.',
    },
    rate_limited: { title: 'That was too often.', next: 'Wait a minute, then try again.' },
    clock_unsynchronized: {
      title: 'The clock of the authority jumped.',
      next: 'Nothing was approved. Wait a minute, then try again.',
    },
    webauthn_user_not_verified: {
      title: 'The passkey did not check that it is you.',
      next: 'Use one that asks for a finger, face or PIN.',
    },
    webauthn_credential_exists: { title: 'This passkey is registered already.', next: 'Use another one.' },
    webauthn_challenge_invalid: { title: 'That took too long.', next: 'Try again.' },
  }),
)

/** Any failure of an action as words for the person who tried it. */
export function problemWords(error: unknown): ProblemWords {
  if (error instanceof CeremonyError || error instanceof PushError) {
    return { title: error.message, next: 'You can try again.' }
  }
  if (error instanceof NetworkError) {
    return { title: 'The authority could not be reached.', next: 'What you entered is kept. Try again.' }
  }
  if (error instanceof DishonestPreparationError) {
    return {
      title: 'The authority does not show what you would sign.',
      next: `${error.message} Nothing was approved. Tell whoever runs this authority, and do not try again.`,
    }
  }
  if (!(error instanceof ApiError)) return { title: 'Something went wrong on this page.', next: 'Reload it.' }
  const known = BY_CODE.get(error.code)
  const detail = safeText(error.message, 500)
  if (known === undefined) return { title: detail, next: '', code: error.code }
  return { ...known, code: error.code }
}
