import { callApi } from './call-api.ts'
import type { StepUp } from './ceremony-types.ts'
import type { DelegationView, ReceiptView } from './views.ts'

/** What to stop: one delegation with all below it, all of one agent, or everything of the person who asks. */
export type StopBody = (
  | { readonly delegation: string }
  | { readonly agent: string }
  | { readonly mine: true }
) & { readonly reason?: string }

export const fetchDelegations = async (state: 'active' | 'ended'): Promise<readonly DelegationView[]> =>
  (await callApi<{ delegations: readonly DelegationView[] }>('GET', `/api/delegations?state=${state}`))
    .delegations

export const suspend = (delegation: string, reason: string | undefined): Promise<ReceiptView> =>
  callApi('POST', '/api/suspensions', { delegation, ...(reason !== undefined && { reason }) })

export const resume = (delegation: string, stepUp: StepUp): Promise<ReceiptView> =>
  callApi('POST', '/api/resumptions', { delegation, step_up: stepUp })

export const stop = (body: StopBody): Promise<ReceiptView> => callApi('POST', '/api/revocations', body)
