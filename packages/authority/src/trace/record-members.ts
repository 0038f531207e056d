import type { AuditRecord } from '@behalf/audit-log'
import { isJsonObject, type JsonValue } from '@behalf/core'

/** The elements of a list, and none of anything else. */
export function listOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? value : []
}

/** The text of a member of an object; undefined of anything else. */
export function memberOf(value: JsonValue | undefined, name: string): string | undefined {
  const member = isJsonObject(value) ? value[name] : undefined
  return typeof member === 'string' ? member : undefined
}

/** A text; empty for anything else. */
export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}

/** Whether a record says what an API decided about a request; a call of a tool is a request that was accepted. */
export function isRequest({ type }: AuditRecord): boolean {
  return type === 'tool_called' || type.startsWith('request_')
}

/** Whether a record says that an API let a request through. */
export function isAccepted({ type }: AuditRecord): boolean {
  return type === 'request_accepted' || type === 'tool_called'
}

/** Records of what stopped more than one delegation. */
export const WIDE_REVOCATIONS: readonly AuditRecord['type'][] = [
  'key_revoked',
  'principal_revoked',
  'run_revoked',
  'issuer_key_revoked',
]

/** Whether a record says that something was stopped, for good or for a while. */
export function isRevocation({ type }: AuditRecord): boolean {
  return (
    type === 'delegation_revoked' || type === 'suspended' || WIDE_REVOCATIONS.some((known) => known === type)
  )
}

/** A workflow, or one run of it. */
export interface NamedWorkflow {
  readonly id: string
  readonly run?: string
}

/** The workflow that a record names; undefined where it names none. */
export function workflowOf({ workflow, run }: AuditRecord): NamedWorkflow | undefined {
  // An exchange tells the run beside the workflow.
  const named = typeof workflow === 'string' ? { id: workflow, ...(run !== undefined && { run }) } : workflow
  const [id, of] = [memberOf(named, 'id'), memberOf(named, 'run')]
  return id === undefined ? undefined : { id, ...(of !== undefined && { run: of }) }
}

/** How one run of one workflow is asked for: a slash within a name is `%2F`; undefined without a run. */
export function nameRun(workflow: NamedWorkflow | undefined): string | undefined {
  if (workflow?.run === undefined) return undefined
  return [workflow.id, workflow.run].map(escapeName).join('/')
}

function escapeName(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F')
}

/** The enrolment that a record is about, or by which it says that something was approved. */
export function enrolmentOf({ type, method, enrolment, by }: AuditRecord): string | undefined {
  const id = type === 'approved' && method === 'enrolment' ? by : enrolment
  return typeof id === 'string' ? id : undefined
}

/** The digest of what showed where a key runs, where a record names it. */
export function proofOfWorkload({ type, proof, workload }: AuditRecord): string | undefined {
  return type === 'workload_proven'
    ? memberOf({ ...(proof !== undefined && { proof }) }, 'proof')
    : memberOf(workload, 'proof')
}

/** The origin that was called: of a call through MCP the audience is the endpoint, and ends with the path. */
export function originOf({ audience, path, call }: AuditRecord): string | undefined {
  if (typeof audience !== 'string') return undefined
  const isEndpoint = call !== undefined && typeof path === 'string' && audience.endsWith(path)
  return isEndpoint ? audience.slice(0, audience.length - path.length) : audience
}
