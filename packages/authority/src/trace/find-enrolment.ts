import type { AuditRecord } from '@behalf/audit-log'
import {
  canonicalizeJson,
  decodeBase64url,
  decodeUtf8,
  isJsonObject,
  type JsonValue,
  parseJson,
} from '@behalf/core'
import type { Delegation } from '@behalf/credential'
import { proofOfWorkload } from './record-members.ts'
import type { ProvenDelegation, ProvenEntry, VerifiedTrace } from './verify-trace.ts'

/** What let an agent have something unasked. */
export interface FoundEnrolment extends ProvenEntry {
  /** The root along with which it was given, when its approval has the very bounds that the record has. */
  readonly given?: ProvenDelegation
  /** Index of the entry with which it ended. */
  readonly withdrawn?: number
}

/** What a verified trace has of the enrolment with this id; undefined for nothing. */
export function findEnrolment(id: string, trace: VerifiedTrace): FoundEnrolment | undefined {
  const about = trace.entries.filter(({ record }) => record.enrolment === id)
  const entry = about.find(({ record }) => record.type === 'enrolled')
  if (entry === undefined) return undefined
  const given = findGiven(entry.record, trace)
  const withdrawn = about.find(({ record }) => record.type === 'enrolment_withdrawn')?.index
  return {
    ...entry,
    ...(given && isAsSigned(entry.record, given, trace) && { given }),
    ...(withdrawn !== undefined && { withdrawn }),
  }
}

/** The root along with which an enrolment was given, whatever was signed of it; undefined where it is not kept. */
export function findGiven(
  { request, evidence }: AuditRecord,
  { entries, roots }: VerifiedTrace,
): ProvenDelegation | undefined {
  if (request === undefined || evidence === undefined) return undefined
  const issued = entries.find(({ record }) => record.type === 'issued' && record.request === request)?.record
  return typeof issued?.delegation === 'string' ? roots.get(issued.delegation) : undefined
}

/** Whether the bounds of an enrolment are those that stand in the evidence of the approval. */
export function isAsSigned(
  record: AuditRecord,
  { delegation, approval }: ProvenDelegation,
  { entries }: VerifiedTrace,
): boolean {
  const { enrolment } = approval
  const issued = entries.find(
    ({ record: { type, delegation: id } }) => type === 'issued' && id === delegation.id,
  )
  return (
    enrolment !== undefined &&
    approval.digest === record.evidence &&
    enrolment.maxSeconds === record.max_seconds &&
    enrolment.validUntil === readTime(record.valid_until) &&
    delegation.subject === record.subject &&
    delegation.maxDelegationDepth === record.max_delegation_depth &&
    issued?.record.principal === record.principal &&
    // Where they are too long for a record, what was signed has them.
    (record.capabilities === undefined ||
      canonicalizeJson(record.capabilities) === canonicalizeJson(capabilitiesOf(delegation)))
  )
}

/** The entry that says where the key of an enrolment was proven to run; undefined for none. */
export function findWorkload(
  { index, record }: ProvenEntry,
  { entries }: VerifiedTrace,
): ProvenEntry | undefined {
  const proof = proofOfWorkload(record)
  return entries.find(
    (other) =>
      other.index < index &&
      other.record.type === 'workload_proven' &&
      other.record.subject === record.subject &&
      proofOfWorkload(other.record) === proof,
  )
}

/** Milliseconds since the epoch; NaN for what is no time. */
export function readTime(value: JsonValue | undefined): number {
  return typeof value === 'string' ? Date.parse(value) : Number.NaN
}

/** As they were signed. */
function capabilitiesOf({ jws }: Delegation): JsonValue {
  const [, payload = ''] = jws.split('.')
  const value = parseJson(decodeUtf8(decodeBase64url(payload)))
  const subject = isJsonObject(value) ? value.credentialSubject : undefined
  return (isJsonObject(subject) && subject.capabilities) || []
}
