import { callApi } from './call-api.ts'
import type { EventView } from './views.ts'

/** The newest events first; `before` is the sequence of the oldest one that is known. */
export const fetchHistory = async (before?: number): Promise<readonly EventView[]> => {
  const query = before === undefined ? '' : `?before=${before}`
  return (await callApi<{ events: readonly EventView[] }>('GET', `/api/history${query}`)).events
}
