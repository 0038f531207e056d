import { AuditLogError, type AuditRecord, saltedDigest } from '@behalf/audit-log'
import { BehalfError, decodeBase64url } from '@behalf/core'
import type { KnownStatements } from './known-statements.ts'
import { type ProvenSignedRequest, proveSignedRequest } from './prove-signed-request.ts'
import { isTokenEvidence, type ProvenTokenRequest, proveTokenRequest } from './prove-token-request.ts'
import { readEvidenceText } from './read-evidence-text.ts'
import type { RequestEvidenceText } from './trace-bundle.ts'

/** What the evidence of a request shows, whichever way the agent proved its key. */
export type ProvenRequest = ProvenSignedRequest | ProvenTokenRequest

/** Why a request is not proven, although its evidence is the one that the log has. */
export interface UnprovenRequest {
  /** The stable code of what does not hold. */
  readonly code: string
  readonly reason: string
}

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
    const read = readEvidenceText(evidence.text)
    return isTokenEvidence(read)
      ? proveTokenRequest(record, read, known)
      : proveSignedRequest(record, read, known)
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

/** Whether the evidence of a request shows it. */
export function isProven(request: ProvenRequest | UnprovenRequest | undefined): request is ProvenRequest {
  return request !== undefined && 'target' in request
}
