import { canonicalizeJson, digestSha256, isJsonObject, type JsonObject } from '@behalf/core'
import { IssuerError } from './error.ts'

/** How a root delegation came to be approved. */
export interface ApprovalFacts {
  readonly method: 'operator' | 'enrolment'
  /** DID of the operator, or id of the enrolment. */
  readonly by: string
  /** RFC 3339, UTC. */
  readonly at: string
  readonly nonce: string
  readonly request: { readonly id: string; readonly version: number }
}

/**
 * Returns the document whose digest a root delegation carries as `approval.digest`: who approved exactly these terms,
 * when and how. It holds the whole payload that is signed, save the digest itself and the time of signing.
 *
 * @param payload - the payload to be signed, with all ids and the status entry; its `approval.digest` and `iat` are
 *   left out
 * @param facts - see `ApprovalFacts`
 */
export function createEvidence(payload: JsonObject, facts: ApprovalFacts): JsonObject {
  return {
    type: 'behalf-approval-evidence',
    version: 1,
    method: facts.method,
    by: facts.by,
    at: facts.at,
    nonce: facts.nonce,
    request: { id: facts.request.id, version: facts.request.version },
    payload: approvedPart(payload),
  }
}

/** `sha-256:…` of the JCS form of an evidence document. */
export function digestEvidence(evidence: JsonObject): string {
  return digestSha256(canonicalizeJson(evidence))
}

/**
 * The evidence is the one the payload names, and it approves exactly this payload.
 *
 * @param payload - of a root delegation whose signature was verified
 * @param evidence - as collected with it
 * @returns the evidence
 * @throws IssuerError `evidence_invalid`
 */
export function verifyEvidence(payload: JsonObject, evidence: JsonObject): JsonObject {
  const approval = approvalOf(payload)
  if (approval === undefined) throw invalid('The delegation names no approval')
  if (approval.digest !== digestEvidence(evidence)) throw invalid('The digest is of another document')
  if (approval.method !== evidence.method) throw invalid('The method differs')
  const approved = evidence.payload
  if (!isJsonObject(approved)) throw invalid('It approves no payload')
  if (canonicalizeJson(approved) !== canonicalizeJson(approvedPart(payload)))
    throw invalid('It approves other terms')
  return evidence
}

function approvedPart(payload: JsonObject): JsonObject {
  const subject = payload.credentialSubject
  const approval = approvalOf(payload)
  if (!isJsonObject(subject) || approval === undefined) return omit(payload, 'iat')
  return { ...omit(payload, 'iat'), credentialSubject: { ...subject, approval: omit(approval, 'digest') } }
}

function approvalOf(payload: JsonObject): JsonObject | undefined {
  const subject = payload.credentialSubject
  if (!isJsonObject(subject)) return undefined
  const approval = subject.approval
  return isJsonObject(approval) ? approval : undefined
}

function omit(object: JsonObject, name: string): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => key !== name))
}

function invalid(message: string): IssuerError {
  return new IssuerError('evidence_invalid', `Approval evidence: ${message}`)
}
