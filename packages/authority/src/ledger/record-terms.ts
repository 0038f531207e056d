import { type AuditRecord, type LogEntry, parseAuditRecord } from '@behalf/audit-log'
import type { JsonValue } from '@behalf/core'
import {
  enrolmentOf,
  listOf,
  memberOf,
  nameRun,
  originOf,
  proofOfWorkload,
  workflowOf,
} from '../trace/record-members.ts'

/** What entries of the log can be found by. */
export const TERM_KINDS = [
  'request',
  'delegation',
  'lineage',
  'agent',
  'principal',
  'run',
  'workflow',
  'enrolment',
  'proof',
  'call',
  'token',
  'api',
  'code',
  'type',
] as const

/** One of them. */
export type TermKind = (typeof TERM_KINDS)[number]

/** The word under which the log finds what concerns this. */
export function termOf(kind: TermKind, value: string): string {
  return `${kind}:${value}`
}

/** Every word under which an entry is found; none for what is no record. */
export function termsOf({ data }: Pick<LogEntry, 'data'>): readonly string[] {
  const record = recordOf(data)
  if (record === undefined) return []
  // Whoever looks for anything else about a request finds its acceptance.
  if (record.type === 'answered') {
    return [...toTerm('request', record.request_id), ...toTerm('type', record.type)]
  }
  const { workflow } = record
  const found: Readonly<Record<TermKind, readonly (JsonValue | undefined)[]>> = {
    request: [record.request, record.request_id],
    delegation: [record.delegation, record.parent, record.root, ...listOf(record.delegations)],
    // What happened to a delegation, without the calls made with it, of which there may be a great many.
    lineage: record.type === 'tool_called' ? [] : [record.delegation, record.parent, record.root],
    agent: [record.subject],
    principal: [record.principal, record.person, record.forgotten],
    // An exchange tells its run beside its workflow.
    run: [memberOf(workflow, 'run'), memberOf(record.context, 'run'), record.run],
    workflow: [nameRun(workflowOf(record))],
    enrolment: [enrolmentOf(record)],
    // Of where a key runs.
    proof: [proofOfWorkload(record)],
    // The agent's own name for what it does; a server that is called passes it on.
    call: [memberOf(record.context, 'call')],
    token: [record.jti],
    api: [record.audience, originOf(record), ...listOf(record.audience)],
    code: [record.code],
    type: [record.type],
  }
  const terms = TERM_KINDS.flatMap((kind) => found[kind].flatMap((value) => toTerm(kind, value)))
  return [...new Set(terms)]
}

const parsed = new WeakMap<Uint8Array, AuditRecord>()

/** The record that an entry is; undefined for what is no record. These very bytes are parsed once. */
export function recordOf(data: Uint8Array): AuditRecord | undefined {
  const known = parsed.get(data)
  if (known !== undefined) return known
  try {
    const record = parseAuditRecord(data)
    parsed.set(data, record)
    return record
  } catch {
    // Whatever it is, it stays in the log; only nobody finds it by a word.
    return undefined
  }
}

function toTerm(kind: TermKind, value: JsonValue | undefined): readonly string[] {
  return typeof value === 'string' ? [termOf(kind, value)] : []
}
