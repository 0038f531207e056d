import { callApi } from './call-api.ts'
import type { CreationOptions, Registration, RequestOptions, SignIn } from './ceremony-types.ts'
import type { SessionView, WelcomeView } from './views.ts'

/** A ceremony that the authority began, and what the browser needs for it. */
export interface Begun<T> {
  readonly ceremony: string
  readonly options: T
}

/** What is asked of somebody who registers a first passkey. */
export interface ClaimBody {
  readonly code: string
  readonly id: string
  readonly name: string
}

export const fetchSession = (): Promise<SessionView> => callApi('GET', '/api/session')

export const beginLogin = (): Promise<Begun<RequestOptions>> => callApi('POST', '/api/login/options')

export const finishLogin = (ceremony: string, response: SignIn): Promise<SessionView> =>
  callApi('POST', '/api/login', { ceremony, response })

export const logout = (): Promise<void> => callApi('POST', '/api/logout')

export const logoutEverywhere = (): Promise<void> => callApi('POST', '/api/logout-everywhere')

export const beginClaim = (body: ClaimBody): Promise<Begun<CreationOptions>> =>
  callApi('POST', '/api/claim/options', body)

export const beginJoin = (body: { code: string; name: string }): Promise<Begun<CreationOptions>> =>
  callApi('POST', '/api/join/options', body)

export const beginRecovery = (body: { person: string; code: string }): Promise<Begun<CreationOptions>> =>
  callApi('POST', '/api/recover/options', body)

/** Ends a registration that was begun under the same name. */
export function finishRegistration(
  kind: 'claim' | 'join' | 'recover',
  registration: Registration,
): Promise<WelcomeView | SessionView> {
  return callApi('POST', `/api/${kind}`, registration)
}
