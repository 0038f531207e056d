import { BehalfError, type JsonObject } from '@behalf/core'
import {
  type ApprovalEvidence,
  type Delegation,
  parseApprovalEvidence,
  type VerifiedApprovalEvidence,
  verifyApprovalEvidence,
} from '@behalf/credential'
import type { Check } from './check.ts'
import { plain } from './plain-text.ts'

/** What evidence of an approval says, and whether it proves that. */
export interface EvidenceInspection {
  readonly document: JsonObject
  readonly words: readonly string[]
  readonly check: Check
}

const WHAT = 'its approval is the one in the evidence'

/**
 * Who approved what, in which words, with which passkey, and whether that verifies. Nothing is fetched.
 *
 * @param root - the first delegation of a chain whose signatures are checked elsewhere; undefined when only the
 *   evidence is there
 * @throws CredentialError `credential_malformed` when it is no evidence
 */
export async function inspectEvidence(
  evidence: JsonObject,
  root: Delegation | undefined,
): Promise<EvidenceInspection> {
  const claimed = parseApprovalEvidence(evidence)
  const { check, verified } = await checkEvidence(evidence, root)
  return {
    document: documentOf(claimed, verified),
    words: describeEvidence(claimed, verified),
    check,
  }
}

/** That a delegation came without the evidence of its approval. */
export function missingEvidence({ approval }: Delegation): readonly Check[] {
  if (approval === undefined) return []
  return [{ what: WHAT, result: 'unchecked', reason: 'name the file of the evidence with --evidence' }]
}

interface Checked {
  readonly check: Check
  readonly verified?: VerifiedApprovalEvidence
}

async function checkEvidence(evidence: JsonObject, root: Delegation | undefined): Promise<Checked> {
  if (root === undefined || root.parent !== undefined) {
    return { check: { what: WHAT, result: 'unchecked', reason: 'the delegation is not in the file' } }
  }
  try {
    const verified = await verifyApprovalEvidence(evidence, { delegation: root })
    return { check: { what: WHAT, result: 'passed' }, verified }
  } catch (error) {
    if (!(error instanceof BehalfError)) throw error
    return { check: { what: WHAT, result: 'failed', code: error.code, reason: error.message } }
  }
}

function documentOf(
  { method, requests, approved, assertions, by, at }: ApprovalEvidence,
  verified: VerifiedApprovalEvidence | undefined,
): JsonObject {
  return {
    verified: verified !== undefined,
    proves_a_person: verified?.isProven ?? false,
    method,
    requests,
    sentences: verified === undefined ? approved.sentences.flat() : verified.sentences,
    approvals: assertions.map((assertion) => ({
      by: assertion.by,
      at: assertion.at,
      passkey: assertion.passkey.id,
      software: assertion.passkey.software,
      origin: assertion.origin,
    })),
    ...(by === undefined ? {} : { by }),
    ...(at === undefined ? {} : { at }),
  }
}

function describeEvidence(
  { method, approved, assertions, by, at }: ApprovalEvidence,
  verified: VerifiedApprovalEvidence | undefined,
): readonly string[] {
  const sentences = verified === undefined ? approved.sentences.flat() : verified.sentences
  return [
    verified === undefined ? 'Evidence of an approval, NOT verified' : 'Evidence of its approval, verified',
    row('how', method),
    ...(by === undefined ? [] : [row('by', `${plain(by)}, ${plain(at ?? '')}`)]),
    ...assertions.flatMap((assertion) => [
      row('by', `${plain(assertion.by)}, ${plain(assertion.at)}, on ${plain(assertion.origin)}`),
      row(
        'passkey',
        `${plain(assertion.passkey.id)}${assertion.passkey.software ? ', which is a program' : ''}`,
      ),
    ]),
    row(
      'proves',
      verified?.isProven === true ? 'that these passkeys approved these words' : 'no person’s own approval',
    ),
    '  approved',
    ...sentences.map((sentence) => `    ${plain(sentence)}`),
  ]
}

function row(label: string, text: string): string {
  return `  ${label.padEnd(12)}  ${text}`
}
