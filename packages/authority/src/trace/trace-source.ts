import type { JsonObject } from '@behalf/core'
import type { RequestEvidenceText } from './trace-bundle.ts'

/** An entry of the log, as it is read. */
export interface TraceEntry {
  readonly index: number
  /** The entry itself. */
  readonly record: string
  /** What lies beside a record of a request. */
  readonly evidence?: RequestEvidenceText
}

/** Which entries are asked for. */
export interface TraceFilter {
  /** A kind and an id, see `termOf`. */
  readonly about: string
  /** From this index on, in order; default 0. */
  readonly from?: number
  /** Instead: below this index, the latest first. */
  readonly before?: number
  readonly limit: number
  /** Whether what lies beside them comes with them. */
  readonly evidence?: true
}

/** Where a story is read: an authority over HTTP, or the authority itself. */
export interface TraceSource {
  /** Fewer than `limit` do not mean that there are no more: none does. */
  listLogEntries(filter: TraceFilter): Promise<readonly TraceEntry[]>
  /** The signed head of the log. */
  logCheckpoint(): Promise<string>
  /** Hashes, base64. */
  proveInclusion(of: { readonly index: number; readonly size: number }): Promise<readonly string[]>
  /** @throws BehalfError `not_found` */
  readDelegation(id: string): Promise<{ readonly credential?: string; readonly evidence?: JsonObject }>
  /** @throws BehalfError `not_found` */
  readPolicy(digest: string): Promise<JsonObject>
  /** A status list as it was signed once, compact JWS; a source without this shows none. @throws BehalfError `not_found` */
  readStatusList?(digest: string): Promise<string>
}
