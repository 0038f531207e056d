import { callApi } from './call-api.ts'
import type { LogView, TraceView } from './log-views.ts'

/** What records are looked for by; empty texts look for nothing. */
export interface LogFilter {
  readonly agent: string
  readonly principal: string
  readonly api: string
  readonly run: string
  readonly code: string
  /** RFC 3339. */
  readonly from: string
  readonly until: string
}

/** The latest records that are looked for; `before` goes on where the last answer ended. */
export const searchLog = (filter: LogFilter, before?: number): Promise<LogView> => {
  const given = Object.entries({ ...filter, before: before === undefined ? '' : String(before) })
  const query = new URLSearchParams(given.filter(([, value]) => value !== ''))
  return callApi<LogView>('GET', `/api/log?${query}`)
}

/** Everything about a request, a delegation, an agent or a run, with its proofs. */
export const fetchTrace = (id: string): Promise<TraceView> =>
  callApi<TraceView>('GET', `/api/traces/${encodeURIComponent(id)}`)
