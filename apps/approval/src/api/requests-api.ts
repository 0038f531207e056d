import { callApi } from './call-api.ts'
import type { RequestView } from './views.ts'

export const fetchRequests = async (status: 'pending' | 'decided'): Promise<readonly RequestView[]> =>
  (await callApi<{ requests: readonly RequestView[] }>('GET', `/api/requests?status=${status}`)).requests

export const fetchRequest = (id: string): Promise<RequestView> =>
  callApi('GET', `/api/requests/${encodeURIComponent(id)}`)

export const denyRequest = (
  id: string,
  body: { readonly version: number; readonly reason?: string },
): Promise<RequestView> => callApi('POST', `/api/requests/${encodeURIComponent(id)}/deny`, body)
