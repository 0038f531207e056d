import { AuditLogError, type AuditRecord, saltedDigest } from '@behalf/audit-log'
import {
  BehalfError,
  canonicalizeJson,
  decodeBase64url,
  encodeUtf8,
  isJsonObject,
  type JsonValue,
  parseJson,
  verifyEd25519,
} from '@behalf/core'
import {
  type IssuerKeys,
  parseDelegationChain,
  type VerifiedChain,
  verifyDelegationChain,
} from '@behalf/credential'
import { HttpSignatureError } from '@behalf/http-signature'
import { proveStatus, type StatusLists, type StatusThen } from './prove-status.ts'
import { memberOf } from './record-members.ts'
import type { RequestEvidenceText } from './trace-bundle.ts'

/** What the evidence of a request shows. */
export interface ProvenRequest {
  /** From the authority down to the key that signed. */
  readonly chain: VerifiedChain
  /** What was called, as it was signed. */
  readonly target: string
  /** What the agent said about the call, as it was signed. */
  readonly context: string | undefined
  /** What was known of revocations then: `not reported`, or `not kept` where a list is missing. */
  readonly status: StatusThen | 'not reported' | 'not kept'
}

/** What evidence is checked with. */
export interface KnownStatements {
  readonly issuers: IssuerKeys
  readonly lists: StatusLists
}

/** Why a request is not proven, although its evidence is the one that the log has. */
export interface UnprovenRequest {
  /** The stable code of what does not hold. */
  readonly code: string
  readonly reason: string
}

/** The greatest evidence of a request that an authority takes is a body of 4 MiB; bundles are no larger. */
const MAX_EVIDENCE_BYTES = 4 * 1024 * 1024
/** A decision is recorded a moment after it was made, by a clock of somebody else. */
const TOLERANCE_MS = 60_000

/**
 * What lies beside the record of a request is what the log has the digest of. Returns what it shows; an API may have
 * recorded something that shows nothing.
 *
 * @throws AuditLogError `audit_proof_invalid` when the log has the digest of something else
 */
export function proveRequest(
  record: AuditRecord,
  evidence: RequestEvidenceText,
  known: KnownStatements,
): ProvenRequest | UnprovenRequest {
  if (record.digest !== digestOf(evidence)) {
    throw new AuditLogError('audit_proof_invalid', 'the evidence of a request is not the one the log has')
  }
  try {
    return readProof(record, evidence.text, known)
  } catch (cause) {
    if (!(cause instanceof BehalfError)) throw cause
    return { code: cause.code, reason: cause.message }
  }
}

function digestOf({ salt, text }: RequestEvidenceText): string | undefined {
  try {
    return saltedDigest(decodeBase64url(salt), text)
  } catch {
    // A salt of another spelling or length is not the one.
    return undefined
  }
}

function readProof(record: AuditRecord, text: string, known: KnownStatements): ProvenRequest {
  const value = parseJson(text, { maxBytes: MAX_EVIDENCE_BYTES })
  const { credentials, signature, signature_base: base, heartbeat } = isJsonObject(value) ? value : {}
  if (!Array.isArray(credentials) || typeof signature !== 'string' || typeof base !== 'string') {
    throw contradict('it is no evidence of a request')
  }
  const parsed = parseDelegationChain(credentials.filter((jws) => typeof jws === 'string'))
  // Time is a question of its own: proofs are looked at for a moment at which every link was valid.
  const now = Math.max(...parsed.links.map(({ validFrom }) => validFrom))
  const chain = verifyDelegationChain(parsed, { issuers: known.issuers, now })
  if (!verifyEd25519(chain.leaf.publicKey, encodeUtf8(base), decodeBase64url(signature))) {
    throw new HttpSignatureError('signature_invalid', 'the signature is not that of the agent')
  }
  checkRecord(record, chain, base)
  const status =
    typeof heartbeat === 'string'
      ? (proveStatus(heartbeat, { record, chain }, known) ?? 'not kept')
      : 'not reported'
  return {
    chain,
    status,
    target: componentOf(base, '@target-uri') ?? '',
    context: componentOf(base, 'agent-context'),
  }
}

/** The record says what was signed. */
function checkRecord(record: AuditRecord, chain: VerifiedChain, base: string): void {
  const { links, leaf } = chain
  const time = Date.parse(record.time)
  const isInTime = links.every(
    ({ validFrom, validUntil }) => time >= validFrom - TOLERANCE_MS && time <= validUntil + TOLERANCE_MS,
  )
  if (!isInTime) throw contradict('a delegation was not valid then')
  const names = componentOf(base, 'signature-key') ?? ''
  if (!names.includes(leaf.jws) && !names.includes(chain.digest))
    throw contradict('it names another delegation')
  if (record.subject !== leaf.subject) throw contradict('another agent signed')
  const ids = links.map(({ id }) => id)
  if (canonicalizeJson(record.delegations ?? []) !== canonicalizeJson(ids)) {
    throw contradict('other delegations were used')
  }
  if (record.method !== componentOf(base, '@method')) throw contradict('another method was signed')
  if (!isTarget(componentOf(base, '@target-uri') ?? '', record))
    throw contradict('another address was signed')
}

function isTarget(target: string, { audience, path, truncated }: AuditRecord): boolean {
  if (typeof audience !== 'string' || typeof path !== 'string') return false
  const told = `${audience}${path}`
  const isCut = Object.keys(truncated ?? {}).includes('/path')
  return isCut ? target.startsWith(audience) : target === told || target.startsWith(`${told}?`)
}

/** The value of a component in a signature base. @see RFC 9421 section 2.5 */
function componentOf(base: string, name: string): string | undefined {
  const start = `"${name}": `
  return base
    .split('\n')
    .find((line) => line.startsWith(start))
    ?.slice(start.length)
}

function contradict(message: string): AuditLogError {
  return new AuditLogError(
    'audit_proof_invalid',
    `the evidence does not show what the record says: ${message}`,
  )
}

/** Whether the evidence of a request shows it. */
export function isProven(request: ProvenRequest | UnprovenRequest | undefined): request is ProvenRequest {
  return request !== undefined && 'chain' in request
}

/** The heartbeat in the evidence of a request; undefined where there is none. */
export function heartbeatOf(text: string | undefined): string | undefined {
  return text === undefined ? undefined : memberOf(readJson(text), 'heartbeat')
}

function readJson(text: string): JsonValue | undefined {
  try {
    return parseJson(text, { maxBytes: MAX_EVIDENCE_BYTES })
  } catch (error) {
    if (error instanceof BehalfError) return undefined
    throw error
  }
}
