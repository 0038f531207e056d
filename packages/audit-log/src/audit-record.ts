import {
  CoreError,
  canonicalizeJson,
  decodeUtf8,
  encodeUtf8,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  parseJson,
} from '@behalf/core'
import { boundMembers } from './bound-members.ts'
import { AuditLogError } from './error.ts'

/** What a record can be about: what happened at an authority, and what APIs decided. */
export const AUDIT_RECORD_TYPES = [
  'key_logged',
  'operator_created',
  'operator_removed',
  'api_registered',
  'api_removed',
  'auditor_added',
  'auditor_removed',
  'person_joined',
  'person_changed',
  'person_invited',
  'person_forgotten',
  'invitation_withdrawn',
  'passkey_added',
  'passkey_renamed',
  'passkey_removed',
  'recovery_codes_made',
  'recovery_code_used',
  'webhook_added',
  'webhook_removed',
  'browser_added',
  'browser_removed',
  'policy_loaded',
  'enrolled',
  'enrolment_withdrawn',
  'workload_proven',
  'requested',
  'policy_decided',
  'approved',
  'denied',
  'issued',
  'collected',
  'sub_delegated',
  'delegation_revoked',
  'key_revoked',
  'principal_revoked',
  'run_revoked',
  'issuer_key_revoked',
  'suspended',
  'resumed',
  'request_accepted',
  'request_refused',
  'request_observed',
  'answered',
  'tool_called',
  'token_exchanged',
  'token_revoked',
  'token_key_rotated',
] as const

/** One of them. */
export type AuditRecordType = (typeof AUDIT_RECORD_TYPES)[number]

/** One record as the log holds it. */
export interface AuditRecord {
  readonly v: 1
  readonly type: AuditRecordType
  /** RFC 3339, UTC: what the clock of whoever recorded it said. The order of records is that of the log. */
  readonly time: string
  /** There when that clock had said something later before. */
  readonly time_anomaly?: true
  /** Of every text that was cut and every member that was left out: its JSON pointer, and the digest of the whole. */
  readonly truncated?: Readonly<Record<string, string>>
  /** What it is about; see docs/audit.md for the members of each type. */
  readonly [member: string]: JsonValue | undefined
}

/** What is to be recorded. */
export interface AuditFacts {
  readonly type: AuditRecordType
  /** Milliseconds since the epoch. */
  readonly time: number
  /** Whether the clock went back before it said this. */
  readonly isAnomalous?: boolean
  /** Everything else; absent members are left out. */
  readonly members: Readonly<Record<string, JsonValue | undefined>>
}

/** The greatest record, in bytes. */
export const MAX_RECORD_BYTES = 16_384
const MAX_MEMBERS = 64
const OWN_MEMBERS: ReadonlySet<string> = new Set(['v', 'type', 'time', 'time_anomaly', 'truncated'])
const UTC = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$/u

/**
 * Returns the bytes of a record: one line of JSON in its canonical spelling, at most 16,384 bytes. Texts of more than
 * 1,024 characters are cut, and when that is not enough the largest members are left out; the digest of the whole stays.
 *
 * @throws TypeError for a member whose name the record gives a meaning of its own, and for more than 64 members
 * @see RFC 8785
 * @example
 * const data = serializeAuditRecord({ type: 'key_revoked', time: Date.now(), members: { subject: 'did:key:z6Mk…' } })
 */
export function serializeAuditRecord({ type, time, isAnomalous = false, members }: AuditFacts): Uint8Array {
  const reserved = Object.keys(members).find((name) => OWN_MEMBERS.has(name))
  if (reserved !== undefined) throw new TypeError(`${reserved} is not a member for facts`)
  // So many digests fit, whatever is left out.
  if (Object.keys(members).length > MAX_MEMBERS)
    throw new TypeError(`a record has at most ${MAX_MEMBERS} members`)
  const own: JsonObject = {
    v: 1,
    type,
    time: new Date(time).toISOString(),
    ...(isAnomalous && { time_anomaly: true }),
  }
  const present = Object.entries(members).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  )
  const { kept, truncated } = boundMembers(present, MAX_RECORD_BYTES - sizeOf(own))
  return encodeUtf8(canonicalizeJson({ ...own, ...kept, ...(truncated !== undefined && { truncated }) }))
}

/**
 * The bytes are a record in its one spelling. Whether the log holds them is for a proof to say.
 *
 * @throws AuditLogError `audit_proof_invalid`
 */
export function parseAuditRecord(data: Uint8Array): AuditRecord {
  const value = readJson(data)
  if (!isJsonObject(value) || value.v !== 1) throw refuse('it is not of version 1')
  const { type: spelled, time } = value
  const type = AUDIT_RECORD_TYPES.find((known) => known === spelled)
  if (type === undefined) throw refuse('its type is unknown')
  if (typeof time !== 'string' || !UTC.test(time) || Number.isNaN(Date.parse(time)))
    throw refuse('it has no time')
  const { time_anomaly: anomaly, truncated, ...members } = value
  return {
    ...members,
    v: 1,
    type,
    time,
    ...(readAnomaly(anomaly) && { time_anomaly: true }),
    ...(truncated !== undefined && { truncated: readTruncated(truncated) }),
  }
}

function readJson(data: Uint8Array): JsonValue {
  try {
    const value = parseJson(data, { maxBytes: MAX_RECORD_BYTES })
    if (canonicalizeJson(value) === decodeUtf8(data)) return value
  } catch (cause) {
    if (!(cause instanceof CoreError)) throw cause
    throw refuse('it is not JSON', cause)
  }
  throw refuse('it is not in its canonical spelling')
}

function readAnomaly(value: JsonValue | undefined): boolean {
  if (value === undefined || value === true) return value === true
  throw refuse('its time_anomaly is not true')
}

function readTruncated(value: JsonValue): Readonly<Record<string, string>> {
  if (!isJsonObject(value)) throw refuse('its truncated is not an object')
  return Object.fromEntries(
    Object.entries(value).map(([pointer, digest]) => {
      if (typeof digest === 'string') return [pointer, digest] as const
      throw refuse('a digest in it is not a text')
    }),
  )
}

function sizeOf(value: JsonObject): number {
  return encodeUtf8(canonicalizeJson(value)).length
}

function refuse(message: string, cause?: unknown): AuditLogError {
  return new AuditLogError('audit_proof_invalid', `Record: ${message}`, { cause })
}
