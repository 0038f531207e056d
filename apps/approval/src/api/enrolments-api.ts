import { callApi } from './call-api.ts'
import type { EnrolmentView } from './views.ts'

export const fetchEnrolments = async (): Promise<readonly EnrolmentView[]> =>
  (await callApi<{ enrolments: readonly EnrolmentView[] }>('GET', '/api/enrolments')).enrolments

export const withdrawEnrolment = (id: string): Promise<unknown> =>
  callApi('DELETE', `/api/enrolments/${encodeURIComponent(id)}`)
