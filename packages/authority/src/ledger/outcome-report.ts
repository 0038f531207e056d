import type { JsonObject } from '@behalf/core'
import { compact } from '../to-wire.ts'

/** What an API says that it answered to a request of which it reported before that it accepted it. */
export interface OutcomeReport {
  readonly time: string
  readonly request_id: string
  readonly decision: 'answered'
  readonly origin?: string | undefined
  /** HTTP status. */
  readonly status?: number | undefined
  /** The connection ended before all of the answer was sent. */
  readonly cut_off?: true | undefined
  readonly principal?: { readonly issuer: string; readonly id: string } | undefined
  /** Id of the root delegation. */
  readonly root?: string | undefined
}

/** Returns what a record says of an outcome: everything but who the principal is, for which a hash stands. */
export function outcomeMembers(
  { request_id, origin, status, cut_off, root }: OutcomeReport,
  known: { readonly api: string; readonly principal: string | undefined },
): JsonObject {
  return compact({
    api: known.api,
    request_id,
    audience: origin,
    status,
    cut_off,
    principal: known.principal,
    root,
  })
}
