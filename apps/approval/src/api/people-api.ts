import { callApi } from './call-api.ts'
import type { StepUp } from './ceremony-types.ts'
import type { InvitationView, MemberView, Role } from './views.ts'

/** What an operator says about somebody who is to join. */
export interface InvitationBody {
  readonly id: string
  readonly name?: string
  readonly roles: readonly Role[]
  readonly tenant?: string
}

export const fetchPeople = async (): Promise<readonly MemberView[]> =>
  (await callApi<{ people: readonly MemberView[] }>('GET', '/api/people')).people

export const changePerson = (
  id: string,
  body: { readonly roles?: readonly Role[]; readonly disabled?: boolean; readonly step_up: StepUp },
): Promise<unknown> => callApi('PATCH', `/api/people/${encodeURIComponent(id)}`, body)

export const fetchInvitations = async (): Promise<readonly InvitationView[]> =>
  (await callApi<{ invitations: readonly InvitationView[] }>('GET', '/api/invitations')).invitations

export const invite = (body: InvitationBody): Promise<InvitationView> =>
  callApi('POST', '/api/invitations', body)

export const withdrawInvitation = (id: string): Promise<unknown> =>
  callApi('DELETE', `/api/invitations/${encodeURIComponent(id)}`)
