import type { JsonRecord } from './views.ts'

/** Whom records mean, as the authority knows them; nothing of it is proven. */
export interface NamesView {
  /** By DID. A name is what the agent called itself: hostile text. */
  readonly agents: Readonly<Record<string, { readonly fingerprint: string; readonly name?: string }>>
  /** By hash. */
  readonly people: Readonly<Record<string, { readonly id: string; readonly name?: string }>>
}

/** One record of the log. */
export interface RecordView extends JsonRecord {
  readonly type: string
  readonly time: string
}

/** Answer of `GET /api/log`. */
export interface LogView extends NamesView {
  readonly entries: readonly { readonly index: number; readonly record: RecordView }[]
  /** There may be more below this index. */
  readonly before?: number
}

/** Answer of `GET /api/traces/{id}`. */
export interface TraceView extends NamesView {
  /** The file that `behalf verify-bundle` takes. */
  readonly bundle: string
  /** Whether it has all that the log has. */
  readonly complete: boolean
}
