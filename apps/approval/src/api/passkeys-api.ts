import { callApi } from './call-api.ts'
import type { CreationOptions, Registration, RequestOptions, StepUp } from './ceremony-types.ts'
import type { Begun } from './session-api.ts'
import type { PasskeyView } from './views.ts'

export const fetchPasskeys = async (): Promise<readonly PasskeyView[]> =>
  (await callApi<{ passkeys: readonly PasskeyView[] }>('GET', '/api/passkeys')).passkeys

export const beginStepUp = (): Promise<Begun<RequestOptions>> => callApi('POST', '/api/step-up/options')

/** Only the first passkey, right after a company login, needs no step-up. */
export const beginPasskey = (stepUp: StepUp | undefined): Promise<Begun<CreationOptions>> =>
  callApi('POST', '/api/passkeys/options', stepUp ? { step_up: stepUp } : {})

export const finishPasskey = (registration: Registration): Promise<unknown> =>
  callApi('POST', '/api/passkeys', registration)

export const renamePasskey = (id: string, name: string): Promise<unknown> =>
  callApi('PATCH', `/api/passkeys/${encodeURIComponent(id)}`, { name })

export const removePasskey = (id: string, stepUp: StepUp): Promise<unknown> =>
  callApi('DELETE', `/api/passkeys/${encodeURIComponent(id)}`, { step_up: stepUp })

export const createRecoveryCodes = async (stepUp: StepUp): Promise<readonly string[]> =>
  (
    await callApi<{ recovery_codes: readonly string[] }>('POST', '/api/recovery-codes', {
      step_up: stepUp,
    })
  ).recovery_codes
