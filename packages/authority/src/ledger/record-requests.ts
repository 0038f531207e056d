import type { DatabaseSync } from 'node:sqlite'
import {
  type AuditLog,
  type AuditRecordType,
  type LogEntry,
  SALT_BYTES,
  saltedDigest,
  serializeAuditRecord,
} from '@behalf/audit-log'
import { type Clock, canonicalizeJson, encodeUtf8, type RandomBytes } from '@behalf/core'
import { AuthorityError } from '../error.ts'
import { compact } from '../to-wire.ts'
import type { RegisteredApi } from './api-rows.ts'
import { type OutcomeReport, outcomeMembers } from './outcome-report.ts'
import { nameOf, type PrincipalSalts } from './principal-salts.ts'
import { type RequestReport, reportMembers } from './request-report.ts'

/** Where reports of APIs end up. */
export interface RecordRequestsContext {
  readonly log: AuditLog
  readonly salts: PrincipalSalts
  readonly random: RandomBytes
  readonly beside: EvidenceBeside
  /** The latest time each API told, milliseconds since the epoch. */
  readonly latest: Map<string, number>
}

/** What an API learns of its reports. */
export interface RecordedRequests {
  /** In the order of the reports. */
  readonly indices: readonly number[]
  /** A signed checkpoint of a tree that holds all of them. */
  readonly checkpoint: string
}

/** Evidence on its way into the database. */
export interface EvidenceBeside {
  /** It will be written in the commit that takes these very bytes into the log. */
  put(data: Uint8Array, evidence: KeptEvidence): void
  /** Writes what belongs to the entry, inside its commit. */
  readonly write: (entry: LogEntry) => void
}

/** What is kept beside a record of a request. */
export interface KeptEvidence {
  readonly principal: string | undefined
  readonly salt: Uint8Array
  /** Canonical JSON. */
  readonly text: string
}

const TYPES: Readonly<Record<RequestReport['decision'], AuditRecordType>> = {
  accepted: 'request_accepted',
  refused: 'request_refused',
  observed: 'request_observed',
}
/** Requests are decided side by side, and a clock may be set right by a little. */
const TOLERANCE_MS = 5000

/** The table beside the log in which the evidence of requests is kept. */
export function createEvidenceBeside(raw: DatabaseSync, clock: Clock): EvidenceBeside {
  const waiting = new WeakMap<Uint8Array, KeptEvidence>()
  const insert = raw.prepare(
    'insert into request_evidence (entry_index, principal, kept_at, salt, bytes) values (?, ?, ?, ?, ?)',
  )
  return {
    put: (data, evidence) => void waiting.set(data, evidence),
    write: ({ index, data }) => {
      const evidence = waiting.get(data)
      if (evidence === undefined) return
      const { principal = null, salt, text } = evidence
      insert.run(index, principal, Math.trunc(clock()), salt, encodeUtf8(text))
    },
  }
}

/**
 * Every report is in the log, once however often it is sent, and its evidence is kept beside it.
 *
 * @throws AuthorityError `input_invalid` for an origin that is not the API's; AuditLogError `audit_unavailable`
 */
export async function recordRequests(
  context: RecordRequestsContext,
  api: RegisteredApi,
  reports: readonly (RequestReport | OutcomeReport)[],
): Promise<RecordedRequests> {
  checkOrigins(api, reports)
  const { log, salts, latest } = context
  const hashes = await salts.hashesOf(reports.flatMap(({ principal }) => principal ?? []))
  const receipts = await Promise.all(
    reports.map((report) => {
      const data = createRecord(context, { api, report, hashes })
      latest.set(api.did, Math.max(Date.parse(report.time), latest.get(api.did) ?? -Infinity))
      return log.append({ id: `request:${api.did}:${report.decision}:${report.request_id}`, data })
    }),
  )
  return { indices: receipts.map(({ index }) => index), checkpoint: await log.checkpoint() }
}

function createRecord(
  { random, beside, latest }: RecordRequestsContext,
  facts: {
    readonly api: RegisteredApi
    readonly report: RequestReport | OutcomeReport
    readonly hashes: ReadonlyMap<string, string>
  },
): Uint8Array {
  const { api, report, hashes } = facts
  const principal = report.principal && hashes.get(nameOf(report.principal))
  const time = Date.parse(report.time)
  const told = { time, isAnomalous: time < (latest.get(api.did) ?? -Infinity) - TOLERANCE_MS }
  if (report.decision === 'answered') {
    const members = outcomeMembers(report, { api: api.did, principal })
    return serializeAuditRecord({ ...told, type: 'answered', members })
  }
  const evidence = report.evidence && {
    principal,
    salt: random(SALT_BYTES),
    text: canonicalizeJson(compact({ ...report.evidence, credentials: [...report.evidence.credentials] })),
  }
  const digest = evidence && saltedDigest(evidence.salt, evidence.text)
  const members = reportMembers(report, { api: api.did, principal, digest })
  const data = serializeAuditRecord({ ...told, type: typeOf(report), members })
  if (evidence) beside.put(data, evidence)
  return data
}

function typeOf({ decision, call }: RequestReport): AuditRecordType {
  return decision === 'accepted' && call?.tool !== undefined ? 'tool_called' : TYPES[decision]
}

function checkOrigins({ origins }: RegisteredApi, reports: readonly (RequestReport | OutcomeReport)[]): void {
  const place = reports.findIndex(({ origin }) => origin !== undefined && !origins.includes(origin))
  if (place === -1) return
  throw new AuthorityError('input_invalid', 'The API is not registered for this origin', {
    field: `records.${place}.origin`,
  })
}
